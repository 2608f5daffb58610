/** A run under a draft of a policy: the choice of one, and what it decided beside the run before. */
import { useQuery } from '@tanstack/react-query';
import { meQuery } from '@/api/queries';
import type { Run } from '@/api/types';
import { SelectField } from '@/components/ui/field';
import { EffectBadge, effectName, policyList } from '@/features/governance';
import { t } from '@/lib/i18n';
import { may } from '@/lib/may';
import { isTrial } from '../model/resume';
import { isOver } from '../model/run-state';
import { runTrial } from '../queries';

/** Offers the policies that are not in force; nothing where there are none, or they are not to be seen. */
export function DraftField({ value, onChange }: { value: string; onChange: (policy: string) => void }) {
  const { data: me } = useQuery(meQuery);
  const organization = me?.organization.id ?? '';
  const policies = useQuery({
    ...policyList(organization),
    enabled: organization !== '' && may(me, 'policy.read'),
    retry: false,
  });
  const drafts = policies.data?.filter((policy) => !policy.is_active || policy.mode === 'shadow') ?? [];
  if (drafts.length === 0) return null;
  return (
    <SelectField
      label={t('Under which policies')}
      value={value}
      hint={
        value &&
        t(
          'Its word counts in this run as well as those in force, and the stricter one decides. Calls that were answered before are not made again.',
        )
      }
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{t('Those in force')}</option>
      {drafts.map((policy) => (
        <option key={policy.id} value={policy.id}>
          {policy.is_active
            ? t('{{policy}} (only watches)', { policy: policy.name })
            : t('{{policy}} (switched off)', { policy: policy.name })}
        </option>
      ))}
    </SelectField>
  );
}

/** What a run was tried under, and which of its calls were decided otherwise than before. */
export function TrialPart({ run, nameOf }: { run: Run; nameOf: (node: string) => string }) {
  const over = isOver(run.status);
  const { data: trial } = useQuery({ ...runTrial(run.id, over), enabled: isTrial(run) });
  if (!trial) return null;
  const other = trial.decisions.filter(({ before, effect }) => before != null && before !== effect);
  return (
    <section className="grid gap-2 rounded-lg border border-border p-4 text-sm">
      <h3 className="label">{t('Tried under a draft')}</h3>
      <p>
        {t('{{policy}}, version {{version}}', { policy: trial.policy_name, version: trial.policy_version })}
      </p>
      <p className="text-text-2">
        {trial.different === 0
          ? t('{{decided}} calls, all of them decided as before.', { decided: trial.decided })
          : t('{{decided}} calls, {{different}} of them decided otherwise.', {
              decided: trial.decided,
              different: trial.different,
            })}
      </p>
      {other.length > 0 && (
        <ul className="grid gap-2">
          {other.map((decision) => (
            <li key={[decision.node_id, decision.iteration.join('.'), decision.tool].join(' ')}>
              <span className="flex flex-wrap items-center gap-2">
                <b className="font-medium">
                  {[decision.node_id ? nameOf(decision.node_id) : '', decision.iteration.join('.')]
                    .filter(Boolean)
                    .join(' · ') || decision.tool}
                </b>
                <EffectBadge effect={decision.effect} />
                {decision.before && (
                  <span className="text-text-3">
                    {t('before: {{effect}}', { effect: effectName(decision.before) })}
                  </span>
                )}
              </span>
              {decision.reason && <span className="block break-words text-text-2">{decision.reason}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
