/** What was spent: figures, a plot over time, and by agent, model, environment and person. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ChartColumn, Search, TriangleAlert } from 'lucide-react';
import { useCallback } from 'react';
import type { Me } from '@/api/types';
import { EmptyState, ErrorState, Notice, Skeleton, SkeletonRows } from '@/components/ui/states';
import { count, price } from '@/lib/format';
import { t } from '@/lib/i18n';
import { type CostSearch, grouping, isNarrowed, readSearch } from '../model/search';
import { summaryQuery, type Totals, trendQuery } from '../queries';
import { Breakdown } from './breakdown';
import { CostFilters } from './cost-filters';
import { CostPlot } from './cost-plot';
import { CostsFrame } from './costs-frame';

export function CostsPage({ search }: { search: CostSearch }) {
  return (
    <CostsFrame
      title={t('Costs')}
      lead={t('What calls of models and tools took and cost, by whom and for what.')}
      needs="usage.read:any"
    >
      {(me) => <Costs me={me} search={search} />}
    </CostsFrame>
  );
}

function Costs({ me, search }: { me: Me; search: CostSearch }) {
  const { id } = me.organization;
  const navigate = useNavigate();
  const summary = useQuery(summaryQuery(id, search));
  const trend = useQuery(trendQuery(id, search));
  const change = useCallback(
    (change: Partial<CostSearch>) =>
      void navigate({
        to: '/governance/costs',
        search: (before) => readSearch({ ...before, ...change }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const currencies = summary.data?.totals.map((totals) => totals.currency) ?? [];
  const currency =
    search.currency && currencies.includes(search.currency) ? search.currency : (currencies[0] ?? 'USD');
  const totals = summary.data?.totals.find((one) => one.currency === currency);
  const pieces = trend.data?.items.filter((piece) => piece.currency === currency) ?? [];
  return (
    <>
      <CostFilters
        organization={id}
        search={search}
        currencies={currencies}
        currency={currency}
        onChange={change}
      />
      {summary.isPending ? (
        <SkeletonRows rows={6} className="py-4" />
      ) : summary.isError ? (
        <div className="card border-dashed">
          <ErrorState
            title={t('The costs could not be loaded')}
            error={summary.error}
            onRetry={() => void summary.refetch()}
          />
        </div>
      ) : !totals ? (
        <div className="card border-dashed">
          {isNarrowed(search) ? (
            <EmptyState icon={<Search />} title={t('Nothing matches')}>
              {t('No call fits these filters. Take one away, or look at a longer time.')}
            </EmptyState>
          ) : (
            <EmptyState icon={<ChartColumn />} title={t('Nothing was called in this time')}>
              {t('Each call of a model will be counted here, at the price of its day.')}
            </EmptyState>
          )}
        </div>
      ) : (
        <div className="grid gap-5" aria-busy={summary.isPlaceholderData || undefined}>
          <Figures totals={totals} />
          {totals.unpriced_calls > 0 && (
            <Notice tone="warn" icon={<TriangleAlert size={17} />}>
              {t('No price is known for {{count}} calls, so they count as free. Add one under Pricing.', {
                count: totals.unpriced_calls,
              })}
            </Notice>
          )}
          {trend.isPending ? (
            <Skeleton className="h-72" />
          ) : trend.isError ? (
            <div className="card border-dashed">
              <ErrorState
                title={t('The costs over time could not be loaded')}
                error={trend.error}
                onRetry={() => void trend.refetch()}
              />
            </div>
          ) : (
            <CostPlot
              key={`${grouping(search)} ${pieces.length}`}
              title={t('Cost over time')}
              pieces={pieces}
              grouping={trend.data.grouping}
              currency={currency}
            />
          )}
          <div className="cost-columns">
            <Breakdown
              organization={id}
              by="agent"
              title={t('By agent')}
              search={search}
              currency={currency}
              onPick={(agent) => change({ agent })}
            />
            <Breakdown
              organization={id}
              by="model"
              title={t('By model')}
              search={search}
              currency={currency}
              onPick={(model) => change({ model })}
            />
            <Breakdown
              organization={id}
              by="environment"
              title={t('By environment')}
              search={search}
              currency={currency}
              onPick={(environment) => change({ environment })}
            />
            <Breakdown
              organization={id}
              by="user"
              title={t('By person')}
              search={search}
              currency={currency}
              onPick={(person) => change({ person })}
            />
          </div>
        </div>
      )}
    </>
  );
}

export function Figures({ totals }: { totals: Totals }) {
  const each = totals.calls > 0 ? Number(totals.cost) / totals.calls : 0;
  const figures = [
    { label: t('Cost'), value: price(totals.cost, totals.currency), note: totals.currency },
    {
      label: t('Calls'),
      value: count(totals.calls),
      note: t('{{cost}} each', { cost: price(each.toFixed(9), totals.currency) }),
    },
    {
      label: t('Tokens read'),
      value: count(totals.input_tokens),
      note: t('{{count}} from a cache', { count: count(totals.cached_tokens) }),
    },
    { label: t('Tokens written'), value: count(totals.output_tokens), note: t('thinking included') },
  ];
  return (
    <ul className="figures" aria-label={t('In all')}>
      {figures.map(({ label, value, note }) => (
        <li key={label} className="card">
          <span className="text-sm text-text-2">{label}</span>
          <span className="title num">{value}</span>
          <span className="text-text-3 text-xs">{note}</span>
        </li>
      ))}
    </ul>
  );
}
