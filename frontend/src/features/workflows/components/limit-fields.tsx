/** What one run of the workflow may take before its next call is refused. */
import type { WorkflowProblem } from '@/api/types';
import { TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import type { Limits } from '../model/graph';

export function LimitFields({
  limits = {},
  problems,
  disabled,
  onChange,
}: {
  limits: Limits | undefined;
  problems: readonly WorkflowProblem[];
  disabled: boolean;
  onChange: (limits: Limits | undefined, tag: string) => void;
}) {
  const wrong = (field: keyof Limits) =>
    problems.find(({ pointer }) => pointer === `/limits/${field}`)?.message;
  const set = (field: keyof Limits, typed: string) => {
    const next = { ...limits };
    if (typed === '') delete next[field];
    else next[field] = Number(typed);
    onChange(Object.keys(next).length > 0 ? next : undefined, `limits/${field}`);
  };
  return (
    <section>
      <h3 className="h">{t('What one run may take')}</h3>
      <p className="text-sm text-text-3">
        {t('With all agents and workflows below it. Once that is taken, its next call is refused.')}
      </p>
      <div className="wf-two">
        <TextField
          type="number"
          label={t('Tokens at most')}
          min={1}
          step={1}
          placeholder={t('No limit')}
          value={limits.max_tokens ?? ''}
          error={wrong('max_tokens')}
          readOnly={disabled}
          onChange={(event) => set('max_tokens', event.target.value)}
        />
        <TextField
          type="number"
          label={t('Dollars at most')}
          min={0}
          step="any"
          placeholder={t('No limit')}
          value={limits.max_cost_usd ?? ''}
          error={wrong('max_cost_usd')}
          readOnly={disabled}
          onChange={(event) => set('max_cost_usd', event.target.value)}
        />
      </div>
    </section>
  );
}
