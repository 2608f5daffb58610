/** What this person has used, and the budgets that hold them back; a tab of their settings. */
import { useQuery } from '@tanstack/react-query';
import { ChartColumn } from 'lucide-react';
import { useState } from 'react';
import type { Me } from '@/api/types';
import { Segmented } from '@/components/ui/segmented';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { periodName } from '../model/budget';
import { type CostSearch, grouping, type Period } from '../model/search';
import { ownBudgetsQuery, summaryQuery, trendQuery } from '../queries';
import { Breakdown } from './breakdown';
import { BudgetMeter, BudgetState } from './budget-meter';
import { CostPlot } from './cost-plot';
import { Figures } from './costs-page';
import '../costs.css';

export function OwnUsage({ me }: { me: Me }) {
  const [period, setPeriod] = useState<Period>('month');
  const search: CostSearch = { period, person: me.user.id };
  const { id } = me.organization;
  const summary = useQuery(summaryQuery(id, search));
  const trend = useQuery(trendQuery(id, search));
  const totals = summary.data?.totals[0];
  const currency = totals?.currency ?? 'USD';
  const pieces = trend.data?.items.filter((piece) => piece.currency === currency) ?? [];
  return (
    <div className="grid gap-5 pt-2">
      <OwnBudgets />
      <section className="grid gap-4" aria-label={t('What you have used')}>
        <div className="flex flex-wrap items-center gap-3">
          <h2 className="h flex-1 text-[0.9375rem]">{t('What you have used')}</h2>
          <Segmented<Period>
            label={t('Time')}
            value={period}
            onChange={setPeriod}
            options={[
              { value: 'week', label: t('7 days') },
              { value: 'month', label: t('30 days') },
              { value: 'year', label: t('12 months') },
            ]}
          />
        </div>
        {summary.isPending || trend.isPending ? (
          <SkeletonRows rows={5} />
        ) : summary.isError || trend.isError ? (
          <ErrorState
            title={t('Your usage could not be loaded')}
            error={summary.error ?? trend.error}
            onRetry={() => {
              void summary.refetch();
              void trend.refetch();
            }}
          />
        ) : totals ? (
          <>
            <Figures totals={totals} />
            <CostPlot
              key={`${grouping(search)} ${pieces.length}`}
              title={t('Cost over time')}
              pieces={pieces}
              grouping={trend.data.grouping}
              currency={currency}
            />
            <Breakdown
              organization={id}
              by="model"
              title={t('By model')}
              search={search}
              currency={currency}
            />
            <Breakdown
              organization={id}
              by="agent"
              title={t('By agent')}
              search={search}
              currency={currency}
            />
          </>
        ) : (
          <div className="card border-dashed">
            <EmptyState icon={<ChartColumn />} title={t('Nothing was called in this time')}>
              {t('What you ask models and tools will be counted here.')}
            </EmptyState>
          </div>
        )}
      </section>
    </div>
  );
}

function OwnBudgets() {
  const { data, error, isPending, refetch } = useQuery(ownBudgetsQuery);
  if (isPending) return <SkeletonRows rows={2} />;
  if (error) {
    return (
      <ErrorState
        title={t('Your budgets could not be loaded')}
        error={error}
        onRetry={() => void refetch()}
      />
    );
  }
  const { calls_today: calls } = data;
  if (data.items.length === 0 && !calls) return null;
  return (
    <section className="grid gap-3" aria-label={t('Budgets that count what you use')}>
      <h2 className="h text-[0.9375rem]">{t('Budgets that count what you use')}</h2>
      <ul className="card rows">
        {calls && (
          <li className="flex flex-wrap items-center gap-3 p-4">
            <div className="min-w-0 flex-1">
              <p className="font-medium">{t('Calls today')}</p>
              <p className="text-sm text-text-3">
                {t('starts again {{when}}', { when: dateTime(calls.resets_at) })}
              </p>
            </div>
            <span className="num text-sm">
              {t('{{used}} of {{limit}}', { used: calls.used, limit: calls.limit })}
            </span>
          </li>
        )}
        {data.items.map((budget) => (
          <li key={budget.id} className="grid gap-3 p-4">
            <div className="flex flex-wrap items-center gap-3">
              <div className="min-w-0 flex-1">
                <p className="font-medium">{budget.name}</p>
                <p className="text-sm text-text-3">
                  {budget.scope === 'user' ? t('Yours') : t('Shared with others')} ·{' '}
                  {periodName(budget.period)}
                </p>
              </div>
              <BudgetState budget={budget} />
            </div>
            <BudgetMeter name={budget.name} budget={budget} />
          </li>
        ))}
      </ul>
    </section>
  );
}
