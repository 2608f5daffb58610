/** Whom and what a question to the decision point is about: a person or a machine, and a stored row or a typed target. */
import { useQuery } from '@tanstack/react-query';
import { serviceAccountOptions } from '@/api/names';
import { agentOptionsQuery, membersQuery, meQuery } from '@/api/queries';
import { SelectField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import { may } from '@/lib/may';
import { type Question, rowsToAsk } from '../queries';

export interface About {
  /** `user:0192…`, `agent:0192…` or `service_account:0192…`; oneself where it is empty. */
  who: string;
  /** `agent:0192…`; a typed target where it is empty. */
  row: string;
  /** The agent that would act. */
  agent: string;
  /** A label to be tried. */
  label: string;
}

const KINDS = {
  agent: 'Agents',
  connector: 'MCP servers',
  workflow: 'Workflows',
  conversation: 'Chats',
} as const;
const LABELS = ['public', 'internal', 'confidential', 'restricted'] as const;

/** What is asked, as the server reads it. */
export function asked({ who, row, agent, label }: About, readOnly: boolean): Partial<Question> {
  const [kind, id] = who.split(':');
  const [, resource] = row.split(':');
  const known = LABELS.find((one) => one === label);
  return {
    ...(kind && id ? { subject_type: kind as 'user' | 'agent' | 'service_account', subject_id: id } : {}),
    ...(resource ? { resource_id: resource } : {}),
    ...(agent ? { agent_id: agent } : {}),
    resource: {
      ...(known ? { data_classification: known } : {}),
      ...(resource ? {} : { read_only: readOnly }),
    },
  };
}

export function ExplainAbout({
  organization,
  about,
  onChange,
}: {
  organization: string;
  about: About;
  onChange: (change: Partial<About>) => void;
}) {
  const { data: me } = useQuery(meQuery);
  const { data: members } = useQuery(membersQuery(organization));
  const { data: agents } = useQuery(agentOptionsQuery);
  const { data: rows } = useQuery(rowsToAsk);
  const { data: accounts } = useQuery({
    ...serviceAccountOptions(organization),
    enabled: may(me, 'service_account.read'),
  });
  const own = (agents?.items ?? []).filter((agent) => agent.organization_id === organization);
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <SelectField
        label={t('Who')}
        value={about.who}
        onChange={(event) => onChange({ who: event.target.value })}
      >
        <option value="">{t('You')}</option>
        <optgroup label={t('People')}>
          {(members?.items ?? []).map((member) => (
            <option key={member.user_id} value={`user:${member.user_id}`}>
              {member.name || member.email}
            </option>
          ))}
        </optgroup>
        {own.length > 0 && (
          <optgroup label={t('Agents, by their tokens')}>
            {own.map(({ id, name }) => (
              <option key={id} value={`agent:${id}`}>
                {name}
              </option>
            ))}
          </optgroup>
        )}
        {(accounts?.items ?? []).length > 0 && (
          <optgroup label={t('Service accounts')}>
            {(accounts?.items ?? []).map(({ id, name }) => (
              <option key={id} value={`service_account:${id}`}>
                {name}
              </option>
            ))}
          </optgroup>
        )}
      </SelectField>
      <SelectField
        label={t('About')}
        value={about.row}
        onChange={(event) => onChange({ row: event.target.value })}
      >
        <option value="">{t('What is typed below')}</option>
        {(['agent', 'connector', 'workflow', 'conversation'] as const).map((kind) => (
          <optgroup key={kind} label={t(KINDS[kind])}>
            {(rows?.[kind] ?? []).map(({ id, name }) => (
              <option key={id} value={`${kind}:${id}`}>
                {name || t('Untitled')}
              </option>
            ))}
          </optgroup>
        ))}
      </SelectField>
      <SelectField
        label={t('Through the agent')}
        value={about.agent}
        onChange={(event) => onChange({ agent: event.target.value })}
      >
        <option value="">{t('None')}</option>
        {(agents?.items ?? []).map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={t('Label')}
        value={about.label}
        onChange={(event) => onChange({ label: event.target.value })}
      >
        <option value="">{about.row ? t('As it is stored') : t('internal')}</option>
        {LABELS.map((label) => (
          <option key={label} value={label}>
            {t(label)}
          </option>
        ))}
      </SelectField>
    </div>
  );
}
