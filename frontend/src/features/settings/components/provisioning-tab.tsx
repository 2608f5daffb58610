/** The organisation's directory: switched on, given tokens, its groups given roles, and what it brought. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus, RefreshCw, Trash2, UsersRound } from 'lucide-react';
import { useState } from 'react';
import { useFieldArray, useForm } from 'react-hook-form';
import { api } from '@/api/client';
import { describe, Problem } from '@/api/problem';
import { membersQuery, queryClient } from '@/api/queries';
import type { Directory, Me, OrganizationRole } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { EmptyState, ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { TokensSection } from '@/features/tokens';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { directoryGroupsQuery, directoryQuery } from '../queries';
import { Section } from './section';

/** The one thing that a directory's token does. */
const scope = 'directory.provision';

async function change(organizationId: string, body: Parameters<typeof send>[1]): Promise<void> {
  await send(organizationId, body);
  await Promise.all(
    [directoryQuery, directoryGroupsQuery, membersQuery].map((query) =>
      queryClient.invalidateQueries({ queryKey: query(organizationId).queryKey }),
    ),
  );
}

const send = (
  organizationId: string,
  body: { enabled?: boolean; role_mappings?: Directory['role_mappings'] },
) => api.patch(`/api/v1/orgs/${organizationId}/directory`, body);

export function ProvisioningTab({ me }: { me: Me }) {
  const { id, is_personal } = me.organization;
  const { data, error, isPending, refetch } = useQuery(directoryQuery(id));
  const [stopping, setStopping] = useState(false);
  if (is_personal) {
    return (
      <div className="card">
        <EmptyState icon={<UsersRound />} title={t('Nobody to provision')}>
          {t('A personal organisation has one member. Switch to a team to connect a directory.')}
        </EmptyState>
      </div>
    );
  }
  if (isPending) return <SkeletonRows rows={4} className="py-4" />;
  if (error) {
    return (
      <ErrorState
        title={t('Provisioning could not be loaded')}
        error={error}
        onRetry={() => void refetch()}
      />
    );
  }
  const turn = async (enabled: boolean) => {
    try {
      await change(id, { enabled });
    } catch (problem) {
      toast.error(describe(problem));
    }
  };
  return (
    <div>
      <Section
        title={t('Directory')}
        lead={t('Your identity provider brings people and groups by SCIM 2.0, and takes them away again.')}
      >
        <Switch
          label={t('Provision this organisation from a directory')}
          hint={t('Switched off, every token stops at once. What was brought stays.')}
          checked={data.enabled}
          onChange={(enabled) => (enabled ? void turn(true) : setStopping(true))}
        />
        {data.enabled && (
          <div className="field">
            <span className="shrink-0 text-sm text-text-3">{t('Endpoint')}</span>
            <input
              readOnly
              className="mono"
              value={data.endpoint}
              aria-label={t('Endpoint')}
              onFocus={(event) => event.target.select()}
            />
            <CopyButton text={data.endpoint} label={t('Copy address')} />
          </div>
        )}
      </Section>
      {data.enabled && data.service_account_id && (
        <Section
          title={t('Tokens')}
          lead={t('A token speaks for the administrator who made it, and ends with that account.')}
        >
          <TokensSection
            owner={{ kind: 'service-accounts', organizationId: id, id: data.service_account_id }}
            lead={t('To rotate, make a second token, enter it at the directory, and revoke the first.')}
            permissions={me.permissions}
            fixed={[scope]}
          />
        </Section>
      )}
      {(data.enabled || data.role_mappings.length > 0) && (
        <Section
          title={t('Groups bring roles')}
          lead={t('A group brings a role only when it is named here. Without one, people are members.')}
        >
          <Mappings key={data.updated_at} me={me} directory={data} />
        </Section>
      )}
      {(data.enabled || data.users + data.groups > 0) && (
        <Section title={t('What it brought')}>
          <Brought organizationId={id} directory={data} />
        </Section>
      )}
      <ConfirmDialog
        open={stopping}
        onClose={() => setStopping(false)}
        title={t('Stop provisioning?')}
        description={t(
          'The directory is turned away at once. People who leave it will keep their access here until somebody removes them.',
        )}
        confirm={t('Stop')}
        onConfirm={() => turn(false)}
      />
    </div>
  );
}

const roles: OrganizationRole[] = ['owner', 'admin', 'member', 'viewer'];

function Mappings({ me, directory }: { me: Me; directory: Directory }) {
  const { control, register, handleSubmit, formState } = useForm({
    defaultValues: { mappings: directory.role_mappings },
  });
  const { fields, append, remove } = useFieldArray({ control, name: 'mappings' });
  const [failed, setFailed] = useState<string>();
  const owner = me.role_in_organization === 'owner';
  const submit = handleSubmit(async ({ mappings }) => {
    try {
      await change(me.organization.id, { role_mappings: mappings });
      setFailed(undefined);
      toast.success(t('Saved'));
    } catch (error) {
      setFailed((error instanceof Problem && error.errors[0]?.detail) || describe(error));
    }
  });
  return (
    <form className="grid gap-3" onSubmit={submit} noValidate>
      {fields.map((field, index) => (
        <div key={field.id} className="flex items-center gap-2">
          <input
            className="field min-w-0 flex-1"
            placeholder={t('Group')}
            aria-label={t('Group')}
            aria-invalid={formState.errors.mappings?.[index]?.group ? true : undefined}
            {...register(`mappings.${index}.group`, { required: true })}
          />
          <select className="field w-32!" aria-label={t('Role')} {...register(`mappings.${index}.role`)}>
            {roles
              .filter((role) => owner || role !== 'owner' || field.role === 'owner')
              .map((role) => (
                <option key={role} value={role}>
                  {t(role)}
                </option>
              ))}
          </select>
          <IconButton label={t('Remove')} onClick={() => remove(index)}>
            <Trash2 size={17} />
          </IconButton>
        </div>
      ))}
      {directory.inherited_role_mappings.length > 0 && (
        <p className="text-sm text-text-3">
          {t('Sign-in providers map these too: {{groups}}.', {
            groups: directory.inherited_role_mappings
              .map(({ group, role }) => `${group} → ${t(role)}`)
              .join(', '),
          })}
        </p>
      )}
      {failed && <Notice tone="err">{failed}</Notice>}
      <div className="flex flex-wrap gap-2">
        <Button variant="outline" onClick={() => append({ group: '', role: 'member' })}>
          <Plus size={16} />
          {t('Add group')}
        </Button>
        {formState.isDirty && (
          <Button type="submit" variant="primary" busy={formState.isSubmitting}>
            {t('Save')}
          </Button>
        )}
      </div>
    </form>
  );
}

function Brought({ organizationId, directory }: { organizationId: string; directory: Directory }) {
  const { data, error, isPending, isFetching, refetch } = useQuery(directoryGroupsQuery(organizationId));
  const groups = data?.items ?? [];
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p className="min-w-0 flex-1 basis-48 text-text-2">
          <Link to="/settings/$tab" params={{ tab: 'members' }} className="link">
            {t('{{count}} people', { count: directory.users })}
          </Link>
          {' · '}
          {t('{{count}} groups', { count: directory.groups })}
        </p>
        <Button
          variant="outline"
          busy={isFetching && !isPending}
          onClick={() => {
            void refetch();
            void queryClient.invalidateQueries({ queryKey: directoryQuery(organizationId).queryKey });
          }}
        >
          <RefreshCw size={15} />
          {t('Refresh')}
        </Button>
      </div>
      {isPending ? (
        <SkeletonRows rows={2} />
      ) : error ? (
        <ErrorState
          title={t('The groups could not be loaded')}
          error={error}
          onRetry={() => void refetch()}
        />
      ) : groups.length === 0 ? (
        <div className="card">
          <EmptyState icon={<UsersRound />} title={t('No groups yet')}>
            {t('Groups appear here when the directory sends them, with what they bring.')}
          </EmptyState>
        </div>
      ) : (
        <ul className="card rows">
          {groups.map((group) => (
            <li key={group.id} className="flex flex-wrap items-center gap-3 px-4 py-2.5">
              <UsersRound size={17} className="shrink-0 text-text-3" />
              <span className="min-w-0 flex-1 basis-40">
                <span className="block truncate font-medium">{group.name}</span>
                <span className="block text-sm text-text-3">
                  {t('{{count}} people', { count: group.members })}
                </span>
              </span>
              {group.role ? (
                <Status tone={group.role === 'owner' || group.role === 'admin' ? 'warn' : 'ok'}>
                  {t(group.role)}
                </Status>
              ) : (
                <span className="text-sm text-text-3">{t('brings no role')}</span>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
