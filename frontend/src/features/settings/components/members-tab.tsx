/** Who belongs to the organisation: invitations, roles, removal. */
import { useQuery } from '@tanstack/react-query';
import { Link2, Plus, Trash2, Users } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '@/api/client';
import { describe, Problem } from '@/api/problem';
import { membersQuery, queryClient } from '@/api/queries';
import type { Me, Member, OrganizationRole } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { ConfirmDialog, Dialog } from '@/components/ui/dialog';
import { SelectField, TextField } from '@/components/ui/field';
import { EmptyState, ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { initials } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';

const roles: OrganizationRole[] = ['owner', 'admin', 'member', 'viewer'];

const refresh = (organizationId: string) =>
  queryClient.invalidateQueries({ queryKey: membersQuery(organizationId).queryKey });

function Invite({ organizationId, onClose }: { organizationId: string; onClose: () => void }) {
  const [link, setLink] = useState<string | null>(null);
  const [joined, setJoined] = useState(false);
  const { register, handleSubmit, formState, setError } = useForm({
    defaultValues: { email: '', name: '', role: 'member' as OrganizationRole },
  });
  const submit = handleSubmit(async ({ email, name, role }) => {
    try {
      const answer = await api.post(`/api/v1/orgs/${organizationId}/members`, {
        email,
        role,
        ...(name.trim() ? { name: name.trim() } : {}),
      });
      await refresh(organizationId);
      if (answer.invite_link) setLink(new URL(answer.invite_link, window.location.origin).href);
      else setJoined(true);
    } catch (error) {
      setError('email', {
        message: (error instanceof Problem && error.fieldError('email')) || describe(error),
      });
    }
  });
  if (link || joined) {
    return (
      <div className="grid gap-4">
        {link ? (
          <>
            <p className="text-text-2">
              {t('Send this link to the person. It works once, and lets them choose a password.')}
            </p>
            <div className="field">
              <Link2 size={16} className="shrink-0 text-text-3" />
              <input
                readOnly
                value={link}
                aria-label={t('Invitation link')}
                onFocus={(event) => event.target.select()}
              />
              <CopyButton text={link} label={t('Copy link')} />
            </div>
          </>
        ) : (
          <Notice tone="ok">{t('This person has an account already and is a member now.')}</Notice>
        )}
        <Button variant="primary" className="justify-self-end" onClick={onClose}>
          {t('Done')}
        </Button>
      </div>
    );
  }
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      <TextField
        label={t('E-mail')}
        type="email"
        error={formState.errors.email?.message}
        {...register('email', { required: t('Enter an e-mail address.') })}
      />
      <TextField label={t('Name')} {...register('name')} />
      <SelectField label={t('Role')} {...register('role')}>
        {roles.slice(1).map((role) => (
          <option key={role} value={role}>
            {t(role)}
          </option>
        ))}
      </SelectField>
      <div className="mt-2 flex justify-end gap-2">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="primary" busy={formState.isSubmitting}>
          {t('Create invitation')}
        </Button>
      </div>
    </form>
  );
}

export function MembersTab({ me }: { me: Me }) {
  const { id } = me.organization;
  const { data, error, isPending, refetch } = useQuery(membersQuery(id));
  const [inviting, setInviting] = useState(false);
  const [doomed, setDoomed] = useState<Member | null>(null);
  const manages = me.role_in_organization === 'owner' || me.role_in_organization === 'admin';
  const members = data?.items ?? [];

  const setRole = async (member: Member, role: OrganizationRole) => {
    try {
      await api.patch(`/api/v1/orgs/${id}/members/${member.user_id}`, { role });
    } catch (problem) {
      toast.error(describe(problem));
    }
    await refresh(id);
  };

  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-4">
        <p className="min-w-0 flex-1 basis-72 text-text-2">
          {t('People in {{name}}.', { name: me.organization.name })}
        </p>
        {manages && (
          <Button variant="primary" onClick={() => setInviting(true)}>
            <Plus size={16} />
            {t('Invite')}
          </Button>
        )}
      </div>
      {isPending ? (
        <SkeletonRows rows={4} className="py-4" />
      ) : error ? (
        <ErrorState title={t('The members could not be loaded')} error={error} onRetry={() => refetch()} />
      ) : members.length === 0 ? (
        <div className="card">
          <EmptyState icon={<Users />} title={t('Nobody here')}>
            {t('Invited people appear here.')}
          </EmptyState>
        </div>
      ) : (
        <ul className="card rows">
          {members.map((member) => {
            const self = member.user_id === me.user.id;
            return (
              <li key={member.user_id} className="flex flex-wrap items-center gap-3 px-4 py-3">
                <span className="avatar">{initials(member.name || member.email)}</span>
                <span className="min-w-0 flex-1 basis-40">
                  <span className="block truncate font-medium">
                    {member.name || member.email}
                    {self && <span className="ml-2 font-normal text-text-3">{t('you')}</span>}
                  </span>
                  <span className="block truncate text-sm text-text-3">{member.email}</span>
                </span>
                {!member.is_active && <Status tone="err">{t('Suspended')}</Status>}
                {member.is_provisioned ? (
                  <Status tone="ok">{t('Provisioned')}</Status>
                ) : (
                  !member.is_verified && <Status tone="warn">{t('Invited')}</Status>
                )}
                {manages && !self ? (
                  <select
                    className="field w-32!"
                    aria-label={t('Role of {{name}}', { name: member.name || member.email })}
                    title={
                      member.is_provisioned
                        ? t('The directory keeps this person: a group that brings a role sets it again.')
                        : undefined
                    }
                    value={member.role}
                    onChange={(event) => setRole(member, event.target.value as OrganizationRole)}
                  >
                    {roles.map((role) => (
                      <option key={role} value={role}>
                        {t(role)}
                      </option>
                    ))}
                  </select>
                ) : (
                  <span className="text-sm text-text-3">{t(member.role)}</span>
                )}
                {manages && !self && (
                  <IconButton
                    label={t('Remove {{name}}', { name: member.name || member.email })}
                    onClick={() => setDoomed(member)}
                  >
                    <Trash2 size={17} />
                  </IconButton>
                )}
              </li>
            );
          })}
        </ul>
      )}
      <Dialog open={inviting} onClose={() => setInviting(false)} title={t('Invite somebody')}>
        <Invite organizationId={id} onClose={() => setInviting(false)} />
      </Dialog>
      <ConfirmDialog
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        title={t('Remove this member?')}
        description={t(
          doomed?.is_provisioned
            ? '{{name}} loses access to this organisation. The directory may bring them back: remove them there.'
            : '{{name}} loses access to this organisation. What they made stays.',
          { name: doomed?.name || doomed?.email || '' },
        )}
        confirm={t('Remove')}
        onConfirm={async () => {
          try {
            await api.delete(`/api/v1/orgs/${id}/members/${doomed?.user_id}`);
            await refresh(id);
          } catch (problem) {
            toast.error(describe(problem));
          }
        }}
      />
    </div>
  );
}
