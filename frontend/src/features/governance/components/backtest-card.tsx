/** The draft held against what was decided lately: what would have come out otherwise. */
import { ArrowRight, History } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import type { Backtest } from '@/api/types';
import { Button } from '@/components/ui/button';
import { SelectField } from '@/components/ui/field';
import { EmptyState, Notice } from '@/components/ui/states';
import { count, dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { type PolicyChange, useBacktest } from '../queries';
import { EffectBadge } from './effect-badge';

function Figures({ test }: { test: Backtest }) {
  const figures = [
    { value: test.replayed, label: t('decisions replayed') },
    { value: test.unchanged, label: t('unchanged') },
    { value: test.stricter, label: t('now stricter'), tone: 'text-err' },
    { value: test.looser, label: t('now looser'), tone: 'text-ok' },
  ];
  return (
    <dl className="num flex flex-wrap gap-x-10 gap-y-3 px-5 py-4">
      {figures.map((figure) => (
        <div key={figure.label} className="flex flex-col-reverse text-sm text-text-2">
          <dt>{figure.label}</dt>
          <dd
            className={`font-serif text-2xl ${figure.value > 0 ? (figure.tone ?? 'text-text') : 'text-text'}`}
          >
            {count(figure.value)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Flips({ test }: { test: Backtest }) {
  if (test.flips.length === 0) {
    return (
      <EmptyState icon={<History />} title={t('Nothing would have come out otherwise')}>
        {test.replayed === 0
          ? t('No decisions were recorded in this time.')
          : t('The draft decides every recorded request as the rules do now.')}
      </EmptyState>
    );
  }
  return (
    <section
      className="overflow-x-auto border-border border-t px-5"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
      tabIndex={0}
      aria-label={t('Flips')}
    >
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('When')}</th>
            <th scope="col">{t('Who')}</th>
            <th scope="col">{t('What')}</th>
            <th scope="col">{t('Decision change')}</th>
            <th scope="col">{t('Reason')}</th>
          </tr>
        </thead>
        <tbody>
          {test.flips.map((flip) => (
            <tr key={flip.audit_event_id}>
              <td className="num whitespace-nowrap text-text-3">{dateTime(flip.at)}</td>
              <td className="max-w-40 truncate" title={flip.subject}>
                {flip.subject}
              </td>
              <td className="font-mono text-sm">
                {flip.action === 'tool.invoke' ? flip.target : `${flip.action} ${flip.target}`}
              </td>
              <td>
                <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
                  <EffectBadge effect={flip.before} />
                  <ArrowRight size={14} className="text-text-3" aria-label={t('becomes')} />
                  <EffectBadge effect={flip.after} />
                </span>
              </td>
              <td className="text-sm text-text-2">{flip.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function BacktestCard({
  organization,
  policyId,
  draft,
}: {
  organization: string;
  policyId?: string | undefined;
  draft: PolicyChange | undefined;
}) {
  const [days, setDays] = useState('30');
  const backtest = useBacktest(organization);
  return (
    <section className="card" aria-label={t('Backtest')}>
      <header className="card-bar">
        <h2 className="h flex-1">{t('Backtest')}</h2>
        <SelectField
          label={t('Look back')}
          wrapperClassName="grid-flow-col! items-center gap-2!"
          className="w-32!"
          value={days}
          onChange={(event) => setDays(event.target.value)}
        >
          {['1', '7', '30', '90', '365'].map((option) => (
            <option key={option} value={option}>
              {option === '1' ? t('1 day') : t('{{days}} days', { days: option })}
            </option>
          ))}
        </SelectField>
        <Button
          variant="outline"
          busy={backtest.isPending}
          disabled={!draft}
          onClick={() =>
            draft &&
            backtest.mutate({ draft, days: Number(days), ...(policyId ? { policy_id: policyId } : {}) })
          }
        >
          {t('Run')}
        </Button>
      </header>
      <div aria-live="polite">
        {backtest.error ? (
          <div className="p-5">
            <Notice tone="err">{describe(backtest.error)}</Notice>
          </div>
        ) : backtest.data ? (
          <>
            <Figures test={backtest.data} />
            <Flips test={backtest.data} />
          </>
        ) : (
          <p className="px-5 py-4 text-sm text-text-2">
            {t(
              'Puts every recorded decision to the rules as they are and to this draft, and lists what would change.',
            )}
          </p>
        )}
      </div>
    </section>
  );
}
