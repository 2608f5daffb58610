/** One sign-in provider: who it is, whom it lets in, and what its groups bring. */
import { useQuery } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';
import { Controller, useFieldArray, useForm } from 'react-hook-form';
import { api } from '@/api/client';
import { describe, Problem } from '@/api/problem';
import { organizationsQuery } from '@/api/queries';
import type { IdentityProvider, OrganizationRole } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';

interface Words {
  name: string;
  issuer: string;
  client_id: string;
  client_secret: string;
  scopes: string;
  groups_claim: string;
  organization_id: string;
  email_domains: string;
  allow_sign_up: boolean;
  link_by_email: boolean;
  vouches_for_mfa: boolean;
  signs_out: boolean;
  enabled: boolean;
  role_mappings: { group: string; organization_id: string; role: OrganizationRole }[];
}

const roles: OrganizationRole[] = ['owner', 'admin', 'member', 'viewer'];
const fields = [
  'name',
  'issuer',
  'client_id',
  'client_secret',
  'scopes',
  'groups_claim',
  'email_domains',
] as const;
const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

const switches = [
  {
    name: 'allow_sign_up',
    label: 'Let new people in',
    hint: 'Whoever signs in for the first time gets an account. Off: only people who have one.',
  },
  {
    name: 'link_by_email',
    label: 'Take over accounts by e-mail',
    hint: 'An account with the same verified address is used. Only for a provider that you trust with every account.',
  },
  {
    name: 'vouches_for_mfa',
    label: 'It asks for a second factor itself',
    hint: 'Accounts with a second factor here are let in without its code.',
  },
  {
    name: 'signs_out',
    label: 'Sign out there too',
    hint: 'Signing out here goes on to the provider and ends its session, where the provider offers that.',
  },
  { name: 'enabled', label: 'Shown on the sign-in page', hint: undefined },
] as const;

export function IdentityProviderForm({
  provider,
  onCancel,
  onSaved,
}: {
  provider: IdentityProvider | undefined;
  onCancel: () => void;
  onSaved: () => Promise<void>;
}) {
  const { data: organizations } = useQuery(organizationsQuery);
  const teams = (organizations?.items ?? []).filter((organization) => !organization.is_personal);
  const { register, control, handleSubmit, formState, setError } = useForm<Words>({
    defaultValues: {
      name: provider?.name ?? '',
      issuer: provider?.issuer ?? '',
      client_id: provider?.client_id ?? '',
      client_secret: '',
      scopes: (provider?.scopes ?? ['email', 'profile']).join(' '),
      groups_claim: provider?.groups_claim ?? 'groups',
      organization_id: provider?.organization_id ?? '',
      email_domains: (provider?.email_domains ?? []).join(', '),
      allow_sign_up: provider?.allow_sign_up ?? false,
      link_by_email: provider?.link_by_email ?? false,
      vouches_for_mfa: provider?.vouches_for_mfa ?? false,
      signs_out: provider?.signs_out ?? false,
      enabled: provider?.enabled ?? true,
      role_mappings: provider?.role_mappings ?? [],
    },
  });
  const mappings = useFieldArray({ control, name: 'role_mappings' });
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async ({ client_secret, organization_id, ...rest }) => {
    const body = {
      ...rest,
      scopes: words(rest.scopes),
      email_domains: words(rest.email_domains),
      organization_id: organization_id || null,
      ...(client_secret ? { client_secret } : {}),
    };
    try {
      if (provider) await api.patch(`/api/v1/identity-providers/${provider.id}`, body);
      else await api.post('/api/v1/identity-providers', body);
      await onSaved();
    } catch (error) {
      const at = fields.find((field) => error instanceof Problem && error.fieldError(field));
      if (at && error instanceof Problem) setError(at, { message: error.fieldError(at) ?? describe(error) });
      else setError('root', { message: describe(error) });
    }
  });
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      {errors.root?.message && <Notice tone="err">{errors.root.message}</Notice>}
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label={t('Name')}
          placeholder={t('Company login')}
          error={errors.name?.message}
          {...register('name', { required: t('Enter the name for the button.') })}
        />
        <TextField
          label={t('Issuer')}
          type="url"
          placeholder="https://login.example.com"
          error={errors.issuer?.message}
          {...register('issuer', { required: t('Enter the address of the provider.') })}
        />
        <TextField
          label={t('Client ID')}
          error={errors.client_id?.message}
          {...register('client_id', { required: t('Enter the client ID.') })}
        />
        <TextField
          label={t('Client secret')}
          type="password"
          autoComplete="off"
          hint={
            provider?.has_client_secret
              ? t('Leave empty to keep the stored one.')
              : t('Stored encrypted. A public client has none.')
          }
          error={errors.client_secret?.message}
          {...register('client_secret')}
        />
        <TextField label={t('Scopes')} error={errors.scopes?.message} {...register('scopes')} />
        <TextField
          label={t('Claim with groups')}
          error={errors.groups_claim?.message}
          {...register('groups_claim')}
        />
        <TextField
          label={t('E-mail domains')}
          placeholder={t('any')}
          error={errors.email_domains?.message}
          {...register('email_domains')}
        />
        <SelectField label={t('New people join')} {...register('organization_id')}>
          <option value="">{t('no team')}</option>
          {teams.map((organization) => (
            <option key={organization.id} value={organization.id}>
              {organization.name}
            </option>
          ))}
        </SelectField>
      </div>
      {switches.map(({ name, label, hint }) => (
        <Controller
          key={name}
          control={control}
          name={name}
          render={({ field }) => (
            <Switch
              label={t(label)}
              checked={field.value}
              onChange={field.onChange}
              {...(hint ? { hint: t(hint) } : {})}
            />
          )}
        />
      ))}
      <fieldset className="grid gap-2">
        <legend className="mb-2 text-sm font-medium text-text-2">{t('Groups bring roles')}</legend>
        {mappings.fields.map((field, index) => (
          <div key={field.id} className="flex flex-wrap items-center gap-2">
            <input
              className="field min-w-0 flex-1 basis-full sm:basis-0"
              placeholder={t('Group')}
              aria-label={t('Group')}
              {...register(`role_mappings.${index}.group`, { required: true })}
            />
            <select
              className="field min-w-0 max-sm:flex-1 sm:w-40!"
              aria-label={t('Organisation')}
              {...register(`role_mappings.${index}.organization_id`)}
            >
              {teams.map((organization) => (
                <option key={organization.id} value={organization.id}>
                  {organization.name}
                </option>
              ))}
            </select>
            <select
              className="field w-28!"
              aria-label={t('Role')}
              {...register(`role_mappings.${index}.role`)}
            >
              {roles.map((role) => (
                <option key={role} value={role}>
                  {t(role)}
                </option>
              ))}
            </select>
            <IconButton label={t('Remove')} onClick={() => mappings.remove(index)}>
              <Trash2 size={17} />
            </IconButton>
          </div>
        ))}
        <Button
          variant="outline"
          className="justify-self-start"
          disabled={teams.length === 0}
          onClick={() => mappings.append({ group: '', organization_id: teams[0]?.id ?? '', role: 'member' })}
        >
          <Plus size={16} />
          {t('Add group')}
        </Button>
      </fieldset>
      <div className="mt-2 flex justify-end gap-2">
        <Button variant="outline" onClick={onCancel}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="primary" busy={isSubmitting}>
          {provider ? t('Save') : t('Add provider')}
        </Button>
      </div>
    </form>
  );
}
