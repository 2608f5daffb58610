/** Who has access to a row: the list, one more, another level, and taking it back. */
import { useQuery } from '@tanstack/react-query';
import { Bot, Building2, Clock, KeyRound, Users, UserX, X } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { serviceAccountOptions } from '@/api/names';
import { describe, Problem } from '@/api/problem';
import { agentOptionsQuery, membersQuery, meQuery } from '@/api/queries';
import type { AccessLevel, Grant, SubjectKind } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { SelectField } from '@/components/ui/field';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { dateTime, initials } from '@/lib/format';
import { t } from '@/lib/i18n';
import { may } from '@/lib/may';
import { roleTitle } from '@/lib/names';
import { toast } from '@/lib/toast';
import { endOf, type Lasting, levelName, levelsOf } from '../model/levels';
import { grantsOn, type Resource, rolesQuery, useGrant, useRevoke } from '../queries';
import { LastingField } from './lasting-field';

const WhoMay = lazy(() => import('./who-may'));
const GrantPreview = lazy(() => import('./grant-preview'));
const PublicLinks = lazy(() => import('./public-links'));

export function AccessDialog({
  open,
  onClose,
  resource,
  name,
}: {
  open: boolean;
  onClose: () => void;
  resource: Resource;
  name: string;
}) {
  return (
    <Dialog
      wide
      open={open}
      onClose={onClose}
      title={t('Access to {{name}}', { name })}
      description={t('Who may use it beside its owner: people, roles and machines. A change counts at once.')}
    >
      <Access resource={resource} />
    </Dialog>
  );
}

function Access({ resource }: { resource: Resource }) {
  const { data, error, isPending, refetch } = useQuery(grantsOn(resource));
  const grants = data?.items ?? [];
  const [asking, setAsking] = useState(false);
  return (
    <div className="grid gap-5">
      <Add resource={resource} taken={grants} />
      {isPending ? (
        <SkeletonRows rows={3} />
      ) : error ? (
        <ErrorState
          title={t('The access list could not be loaded')}
          error={error}
          onRetry={() => refetch()}
        />
      ) : grants.length === 0 ? (
        <div className="rounded-lg border border-border border-dashed">
          <EmptyState icon={<Users />} title={t('Nobody else was given access')}>
            {t('Who sees it by its visibility is not in this list.')}
          </EmptyState>
        </div>
      ) : (
        <ul className="card rows" aria-label={t('Access list')}>
          {grants.map((grant) => (
            <Row key={grant.id} grant={grant} resource={resource} />
          ))}
        </ul>
      )}
      {resource.kind === 'conversation' && (
        <Suspense fallback={<SkeletonRows rows={2} />}>
          <PublicLinks conversationId={resource.id} />
        </Suspense>
      )}
      {asking ? (
        <Suspense fallback={<SkeletonRows rows={3} />}>
          <WhoMay resource={resource} />
        </Suspense>
      ) : (
        <Button variant="outline" className="justify-self-start" onClick={() => setAsking(true)}>
          {t('Who may, and why not')}
        </Button>
      )}
    </div>
  );
}

/** What a subject is called; roles come as `organization:member`. */
export function subjectName(grant: Grant): string {
  const { subject_type: kind, subject_name: name } = grant;
  if (kind === 'organization') return t('Everyone in the organisation');
  if (kind === 'role' && name) {
    return t('Role: {{role}}', { role: roleTitle(name) });
  }
  return name ?? t('Somebody who left');
}

export function SubjectMark({ grant }: { grant: Grant }) {
  if (grant.subject_type === 'user') {
    return (
      <span className="avatar" aria-hidden="true">
        {grant.subject_name ? initials(grant.subject_name) : <UserX size={15} />}
      </span>
    );
  }
  const marks: Record<Exclude<SubjectKind, 'user'>, React.ReactNode> = {
    organization: <Building2 size={16} />,
    role: <Users size={16} />,
    agent: <Bot size={16} />,
    service_account: <KeyRound size={16} />,
  };
  return (
    <span className="avatar bg-surface! text-text-2!" aria-hidden="true">
      {marks[grant.subject_type]}
    </span>
  );
}

/** When a grant ends, where it does. */
export function Ends({ at }: { at: string | null | undefined }) {
  if (!at) return null;
  return (
    <Status tone="warn" icon={<Clock />}>
      {t('Ends {{when}}', { when: dateTime(at) })}
    </Status>
  );
}

function Row({ grant, resource }: { grant: Grant; resource: Resource }) {
  const give = useGrant();
  const revoke = useRevoke();
  const name = subjectName(grant);
  const fail = (error: unknown) => toast.error(describe(error));
  const change = (level: AccessLevel) =>
    give.mutate(
      {
        resource_type: resource.kind,
        resource_id: resource.id,
        subject_type: grant.subject_type,
        subject_id: grant.subject_id,
        access_level: level,
        expires_at: grant.expires_at ?? null,
      },
      { onError: fail },
    );
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <SubjectMark grant={grant} />
      <span className="min-w-0 flex-1 basis-36">
        <span className="block truncate font-medium">{name}</span>
        <span className="block truncate text-sm text-text-3">
          {grant.subject_email ??
            (grant.granted_by_name ? t('Given by {{name}}', { name: grant.granted_by_name }) : '')}
        </span>
      </span>
      <Ends at={grant.expires_at} />
      <span className="flex items-center gap-2">
        <select
          className="field w-44!"
          aria-label={t('Access of {{name}}', { name })}
          value={grant.access_level}
          disabled={give.isPending}
          onChange={(event) => change(event.target.value as AccessLevel)}
        >
          {levelsOf(resource.kind).map((level) => (
            <option key={level} value={level}>
              {levelName(level)}
            </option>
          ))}
        </select>
        <IconButton
          label={t('Take back from {{name}}', { name })}
          disabled={revoke.isPending}
          onClick={() => revoke.mutate(grant.id, { onError: fail })}
        >
          <X size={17} />
        </IconButton>
      </span>
    </li>
  );
}

/** `user:0192…`, as the options of the field are valued. */
function parse(value: string): { subject_type: SubjectKind; subject_id: string } | null {
  const [kind, id] = value.split(':');
  return kind && id ? { subject_type: kind as SubjectKind, subject_id: id } : null;
}

function Add({ resource, taken }: { resource: Resource; taken: Grant[] }) {
  const { data: me } = useQuery(meQuery);
  const organization = me?.organization;
  const members = useQuery({ ...membersQuery(organization?.id ?? ''), enabled: organization !== undefined });
  const roles = useQuery(rolesQuery);
  const agents = useQuery(agentOptionsQuery);
  const accounts = useQuery({
    ...serviceAccountOptions(organization?.id ?? ''),
    enabled: organization !== undefined && may(me, 'service_account.read'),
  });
  const give = useGrant();
  const [who, setWho] = useState('');
  const [level, setLevel] = useState<AccessLevel>(resource.kind === 'conversation' ? 'read' : 'execute');
  const [lasting, setLasting] = useState<Lasting>('');
  const [date, setDate] = useState('');
  const [faults, setFaults] = useState<{ who?: string | undefined; end?: string | undefined }>({});
  const has = (kind: SubjectKind, id: string) =>
    taken.some((grant) => grant.subject_type === kind && grant.subject_id === id);
  const people = (members.data?.items ?? []).filter(
    ({ user_id, is_active }) => is_active && user_id !== me?.user.id && !has('user', user_id),
  );
  const groups = (roles.data?.items ?? []).filter(
    ({ id, scope }) => scope === 'organization' && !has('role', id),
  );

  // Machines come in with tokens of their own; an agent of another organisation has none here.
  const machines = (agents.data?.items ?? []).filter(
    ({ id, organization_id }) =>
      organization_id === organization?.id && id !== resource.id && !has('agent', id),
  );
  const services = (accounts.data?.items ?? []).filter(({ id }) => !has('service_account', id));

  const chosen = parse(who);

  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    const subject = parse(who);
    if (!subject) return setFaults({ who: t('Choose who gets access.') });
    if (lasting === 'date' && !date) return setFaults({ end: t('Choose a day.') });
    try {
      await give.mutateAsync({
        resource_type: resource.kind,
        resource_id: resource.id,
        ...subject,
        access_level: level,
        expires_at: endOf(lasting, date),
      });
      setFaults({});
      setWho('');
    } catch (error) {
      const problem = error instanceof Problem ? error : undefined;
      const end = problem?.fieldError('expires_at');
      setFaults(end ? { end } : { who: problem?.fieldError('subject_id') ?? describe(error) });
    }
  };

  return (
    <form className="flex flex-wrap items-start gap-3" onSubmit={submit} noValidate>
      <SelectField
        label={t('Give access to')}
        wrapperClassName="min-w-52 flex-[2]"
        value={who}
        error={faults.who}
        onChange={(event) => {
          setWho(event.target.value);
          setFaults({});
        }}
      >
        <option value="">{t('Choose…')}</option>
        {people.length > 0 && (
          <optgroup label={t('People')}>
            {people.map(({ user_id, name, email }) => (
              <option key={user_id} value={`user:${user_id}`}>
                {name ? `${name} (${email})` : email}
              </option>
            ))}
          </optgroup>
        )}
        <optgroup label={t('Many at once')}>
          {groups.map(({ id, role_name }) => (
            <option key={id} value={`role:${id}`}>
              {t('Everyone with the role {{role}}', { role: t(role_name) })}
            </option>
          ))}
          {organization && !has('organization', organization.id) && (
            <option value={`organization:${organization.id}`}>
              {t('Everyone in {{name}}', { name: organization.name })}
            </option>
          )}
        </optgroup>
        {machines.length > 0 && (
          <optgroup label={t('Agents, by their tokens')}>
            {machines.map(({ id, name }) => (
              <option key={id} value={`agent:${id}`}>
                {name}
              </option>
            ))}
          </optgroup>
        )}
        {services.length > 0 && (
          <optgroup label={t('Service accounts')}>
            {services.map(({ id, name }) => (
              <option key={id} value={`service_account:${id}`}>
                {name}
              </option>
            ))}
          </optgroup>
        )}
      </SelectField>
      <SelectField
        label={t('May')}
        wrapperClassName="min-w-44 flex-1"
        value={level}
        onChange={(event) => setLevel(event.target.value as AccessLevel)}
      >
        {levelsOf(resource.kind).map((one) => (
          <option key={one} value={one}>
            {levelName(one)}
          </option>
        ))}
      </SelectField>
      <LastingField
        label={t('For')}
        lasting={lasting}
        date={date}
        error={faults.end}
        onChange={(next, day) => {
          setLasting(next);
          setDate(day);
          setFaults({});
        }}
      />
      <Button
        type="submit"
        variant="primary"
        className="w-full sm:mt-[1.625rem] sm:w-auto"
        busy={give.isPending}
      >
        {t('Give access')}
      </Button>
      {chosen && (
        <Suspense fallback={null}>
          <GrantPreview resource={resource} subject={chosen} level={level} />
        </Suspense>
      )}
    </form>
  );
}
