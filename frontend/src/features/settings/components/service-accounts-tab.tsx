/** Machines' accounts: made, confined, switched off, deleted, and their tokens. */
import { useQuery } from '@tanstack/react-query';
import { Bot, ChevronDown, ChevronRight, Plus } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '@/api/client';
import { environmentOptions, serviceAccountOptions } from '@/api/names';
import { describe, Problem } from '@/api/problem';
import { queryClient } from '@/api/queries';
import type { Me, ServiceAccount } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { ConfirmDialog, Dialog } from '@/components/ui/dialog';
import { SelectField, TextArea, TextField } from '@/components/ui/field';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { allScopes, ScopeField, TokensSection } from '@/features/tokens';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';

const refresh = (organizationId: string) =>
  queryClient.invalidateQueries({ queryKey: serviceAccountOptions(organizationId).queryKey });

export function ServiceAccountsTab({ me }: { me: Me }) {
  const { id } = me.organization;
  const { data, error, isPending, refetch } = useQuery(serviceAccountOptions(id));
  const [editing, setEditing] = useState<ServiceAccount | 'new' | null>(null);
  const [doomed, setDoomed] = useState<ServiceAccount | null>(null);
  const [open, setOpen] = useState<string>();
  const accounts = data?.items ?? [];
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-4">
        <p className="min-w-0 flex-1 basis-72 text-text-2">
          {t(
            'Accounts for pipelines and other systems. They sign in with tokens, certificates or tokens of their own issuer, within their allowlist.',
          )}
        </p>
        <Button variant="primary" onClick={() => setEditing('new')}>
          <Plus size={16} />
          {t('New service account')}
        </Button>
      </div>
      {isPending ? (
        <SkeletonRows rows={3} className="py-4" />
      ) : error ? (
        <ErrorState
          title={t('The service accounts could not be loaded')}
          error={error}
          onRetry={() => refetch()}
        />
      ) : accounts.length === 0 ? (
        <div className="card">
          <EmptyState icon={<Bot />} title={t('No service accounts yet')}>
            {t('Make one for each system that calls Conductor, so that each can be stopped by itself.')}
          </EmptyState>
        </div>
      ) : (
        <ul className="card rows">
          {accounts.map((account) => (
            <Account
              key={account.id}
              me={me}
              account={account}
              open={open === account.id}
              onToggle={() => setOpen(open === account.id ? undefined : account.id)}
              onEdit={() => setEditing(account)}
              onDelete={() => setDoomed(account)}
            />
          ))}
        </ul>
      )}
      <Dialog
        open={editing !== null}
        onClose={() => setEditing(null)}
        title={editing === 'new' ? t('New service account') : t('Edit service account')}
        wide
      >
        {editing && (
          <AccountForm
            me={me}
            account={editing === 'new' ? undefined : editing}
            onClose={() => setEditing(null)}
          />
        )}
      </Dialog>
      <ConfirmDialog
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        title={t('Delete {{name}}?', { name: doomed?.name })}
        description={t('Its tokens stop working within a second. This cannot be undone.')}
        confirm={t('Delete')}
        onConfirm={async () => {
          try {
            await api.delete(`/api/v1/orgs/${id}/service-accounts/${doomed?.id}`);
          } catch (problem) {
            toast.error(describe(problem));
          }
          await refresh(id);
        }}
      />
    </div>
  );
}

function Account({
  me,
  account,
  open,
  onToggle,
  onEdit,
  onDelete,
}: {
  me: Me;
  account: ServiceAccount;
  open: boolean;
  onToggle: () => void;
  onEdit: () => void;
  onDelete: () => void;
}) {
  const organizationId = me.organization.id;
  const { data: environments } = useQuery(environmentOptions(organizationId));
  const place = account.environment_id
    ? environments?.items.find(({ id }) => id === account.environment_id)?.name
    : t('every environment');
  return (
    <li className="px-4 py-3">
      <div className="flex flex-wrap items-center gap-3">
        <span className="tile size-9! rounded-md!">
          <Bot size={18} />
        </span>
        <span className="min-w-0 flex-1 basis-48">
          <span className="block truncate font-medium">{account.name}</span>
          <span className="block truncate text-sm text-text-3">
            {[account.description, place].filter(Boolean).join(' · ')}
          </span>
        </span>
        {!account.enabled && <Status tone="warn">{t('Switched off')}</Status>}
        <Button className="text-sm" aria-expanded={open} onClick={onToggle}>
          {open ? <ChevronDown size={16} /> : <ChevronRight size={16} />}
          {t('Details and tokens')}
        </Button>
      </div>
      {open && (
        <div className="mt-4 grid gap-5 border-border border-t pt-4">
          <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-[8rem_minmax(0,1fr)]">
            <dt className="text-text-3">{t('Subject')}</dt>
            <dd className="mono break-all">{account.subject}</dd>
            <dt className="text-text-3">{t('Issuer')}</dt>
            <dd className="mono break-all">{account.issuer}</dd>
            <dt className="text-text-3">{t('Audience')}</dt>
            <dd className="mono break-all">{account.audience}</dd>
            <dt className="text-text-3">{t('Signs in')}</dt>
            <dd>{waysIn()[account.inbound_auth_method]}</dd>
            <dt className="text-text-3">{t('Allowlist')}</dt>
            <dd className="mono break-words">
              {account.scope_allowlist.join(' ') || (
                <span className="font-sans text-text-3">{t('nothing yet')}</span>
              )}
            </dd>
          </dl>
          <div className="flex flex-wrap gap-2">
            <Button variant="outline" className="text-sm" onClick={onEdit}>
              {t('Edit')}
            </Button>
            <Button variant="outline" className="text-sm" danger onClick={onDelete}>
              {t('Delete')}
            </Button>
          </div>
          <TokensSection
            owner={{ kind: 'service-accounts', organizationId, id: account.id }}
            lead={t('What {{name}} signs in with.', { name: account.name })}
            permissions={me.permissions}
            allowlist={account.scope_allowlist}
          />
        </div>
      )}
    </li>
  );
}

/** How a machine proves who it is, in words. */
const waysIn = () => ({
  BEARER: t('with a bearer token'),
  MTLS: t('with a client certificate (mTLS)'),
  NONE: t('without authentication (development only)'),
});

interface Words {
  inbound_auth_method: ServiceAccount['inbound_auth_method'];
  jwks_uri: string;
  public_key: string;
  client_ca: string;
  networks: string;
  name: string;
  description: string;
  environment_id: string;
  subject: string;
  issuer: string;
  audience: string;
}

function AccountForm({
  me,
  account,
  onClose,
}: {
  me: Me;
  account: ServiceAccount | undefined;
  onClose: () => void;
}) {
  const organizationId = me.organization.id;
  const { data: environments } = useQuery(environmentOptions(organizationId));
  const [allowlist, setAllowlist] = useState(account?.scope_allowlist ?? []);
  const [scopeError, setScopeError] = useState<string>();
  const [enabled, setEnabled] = useState(account?.enabled ?? true);
  const { register, handleSubmit, formState, setError, watch } = useForm<Words>({
    values: {
      name: account?.name ?? '',
      description: account?.description ?? '',
      environment_id: account?.environment_id ?? '',
      subject: account?.subject ?? '',
      issuer: account?.issuer ?? '',
      audience: account?.audience ?? '',
      inbound_auth_method: account?.inbound_auth_method ?? 'BEARER',
      jwks_uri: account?.jwks_uri ?? '',
      public_key: account?.public_key ?? '',
      client_ca: account?.client_ca ?? '',
      networks: account?.networks.join(' ') ?? '',
    },
    resetOptions: { keepDirtyValues: true },
  });
  const method = watch('inbound_auth_method');
  const submit = handleSubmit(async (words) => {
    const told = (text: string) => text.trim() || undefined;
    const body = {
      name: words.name,
      description: words.description,
      environment_id: words.environment_id || null,
      subject: told(words.subject),
      issuer: told(words.issuer),
      audience: told(words.audience),
      inbound_auth_method: words.inbound_auth_method,
      jwks_uri: words.jwks_uri.trim() || null,
      public_key: words.public_key.trim() || null,
      client_ca: words.client_ca.trim() || null,
      networks: words.networks.split(/[\s,]+/).filter(Boolean),
      scope_allowlist: allowlist,
      enabled,
    };
    try {
      if (account) await api.patch(`/api/v1/orgs/${organizationId}/service-accounts/${account.id}`, body);
      else await api.post(`/api/v1/orgs/${organizationId}/service-accounts`, body);
      await refresh(organizationId);
      onClose();
    } catch (error) {
      const problem = error instanceof Problem ? error : undefined;
      const scope = problem?.errors.find(({ pointer }) => pointer.startsWith('/scope_allowlist'));
      setScopeError(scope?.detail);
      const fields = [
        'name',
        'description',
        'subject',
        'issuer',
        'audience',
        'environment_id',
        'inbound_auth_method',
        'jwks_uri',
        'public_key',
        'client_ca',
        'networks',
      ] as const;
      const faulty = fields.filter((field) => problem?.fieldError(field));
      for (const field of faulty) setError(field, { message: problem?.fieldError(field) });
      if (!scope && faulty.length === 0) setError('name', { message: describe(error) });
    }
  });
  const { errors } = formState;
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      <TextField
        label={t('Name')}
        placeholder={t('Deployment pipeline')}
        error={errors.name?.message}
        {...register('name', { required: t('Enter a name.') })}
      />
      <TextField
        label={t('What it is for')}
        error={errors.description?.message}
        {...register('description')}
      />
      <SelectField
        label={t('Environment')}
        error={errors.environment_id?.message}
        {...register('environment_id')}
      >
        <option value="">{t('Every environment')}</option>
        {(environments?.items ?? []).map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <ScopeField
        label={t('Allowlist')}
        hint={t('Its tokens can include these and nothing else. Taking one away takes it from every token.')}
        error={scopeError}
        choices={allScopes}
        value={allowlist}
        onChange={(next) => {
          setAllowlist(next);
          setScopeError(undefined);
        }}
      />
      <SelectField
        label={t('How it signs in')}
        hint={t('Tokens that are issued here work in every case.')}
        error={errors.inbound_auth_method?.message}
        {...register('inbound_auth_method')}
      >
        {Object.entries(waysIn()).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </SelectField>
      {method === 'MTLS' && (
        <TextArea
          label={t('Certificate authority (PEM)')}
          hint={t(
            'A certificate that this authority issued signs in where its URI or DNS name, or sha256: and its fingerprint, is the subject below.',
          )}
          rows={4}
          className="mono"
          error={errors.client_ca?.message}
          {...register('client_ca')}
        />
      )}
      {method === 'NONE' && (
        <TextField
          label={t('Networks')}
          hint={t(
            'Whoever comes from there is this account, by the header X-Conductor-Service-Account. In development environments alone.',
          )}
          placeholder="10.1.2.0/24"
          error={errors.networks?.message}
          {...register('networks')}
        />
      )}
      <details>
        <summary className="cursor-pointer text-sm text-text-2">{t('Where it comes from')}</summary>
        <div className="mt-3 grid gap-4">
          <TextField
            label={t('Subject')}
            hint={t('What it is called there. Left empty, it is named by its id.')}
            error={errors.subject?.message}
            {...register('subject')}
          />
          {method !== 'MTLS' && (
            <TextField label={t('Issuer')} error={errors.issuer?.message} {...register('issuer')} />
          )}
          <TextField label={t('Audience')} error={errors.audience?.message} {...register('audience')} />
          {method === 'BEARER' && (
            <>
              <TextField
                label={t('Address of the issuer’s keys (JWKS)')}
                hint={t(
                  'With it, tokens of this issuer, subject and audience sign in. Or enter its one key below.',
                )}
                error={errors.jwks_uri?.message}
                {...register('jwks_uri')}
              />
              <TextArea
                label={t('Public key of the issuer (PEM)')}
                rows={3}
                className="mono"
                error={errors.public_key?.message}
                {...register('public_key')}
              />
            </>
          )}
        </div>
      </details>
      <Switch
        label={t('Switched on')}
        hint={t('Switched off, its tokens stop within a second.')}
        checked={enabled}
        onChange={setEnabled}
      />
      <div className="mt-2 flex justify-end gap-2">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="primary" busy={formState.isSubmitting}>
          {account ? t('Save') : t('Create')}
        </Button>
      </div>
    </form>
  );
}
