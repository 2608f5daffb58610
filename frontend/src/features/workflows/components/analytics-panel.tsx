/** How a workflow does: figures of its runs, the runs over time, what they fail of, and which node it is. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChartColumn, Play } from 'lucide-react';
import { useState } from 'react';
import type { Workflow, WorkflowAnalytics } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Segmented } from '@/components/ui/segmented';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { count, duration, price, short } from '@/lib/format';
import { locale, t } from '@/lib/i18n';
import { failures, lengths, type Period } from '../model/analytics';
import { type Graph, nodeOf, titleOf } from '../model/graph';
import { workflowAnalytics } from '../queries';
import { KindTile } from './kind-icon';
import { RunPlot } from './run-plot';

export default function AnalyticsPanel({
  workflow,
  graph,
  onRun,
}: {
  workflow: Workflow;
  graph: Graph;
  onRun: () => void;
}) {
  const [period, setPeriod] = useState<Period>('30d');
  const query = useQuery({ ...workflowAnalytics(workflow.id, period), placeholderData: keepPreviousData });
  return (
    <div className="wf-panel">
      <div className="flex">
        <Segmented<Period>
          label={t('Time')}
          value={period}
          onChange={setPeriod}
          options={[
            { value: '24h', label: t('24 hours') },
            { value: '7d', label: t('7 days') },
            { value: '30d', label: t('30 days') },
            { value: '90d', label: t('90 days') },
          ]}
        />
      </div>
      {query.isPending ? (
        <SkeletonRows rows={6} />
      ) : query.isError ? (
        <ErrorState
          title={t('The figures could not be loaded')}
          error={query.error}
          onRetry={() => void query.refetch()}
        />
      ) : query.data.runs === 0 ? (
        <EmptyState
          icon={<ChartColumn />}
          title={t('No runs in this time')}
          action={
            <Button variant="outline" onClick={onRun}>
              <Play size={15} />
              {t('Run')}
            </Button>
          }
        >
          {t('Here you see how its runs end, how long they take, what they cost, and which node it is.')}
        </EmptyState>
      ) : (
        <div className="grid gap-4" aria-busy={query.isPlaceholderData}>
          {query.data.reach === 'own' && (
            <p className="text-sm text-text-2">{t('These are your own runs alone.')}</p>
          )}
          <Figures told={query.data} />
          <RunPlot over_time={query.data.over_time} grouping={query.data.grouping} />
          <Nodes told={query.data} graph={graph} />
          <Errors told={query.data} />
        </div>
      )}
    </div>
  );
}

/** A time, or that there is none. */
function time(ms: number | null): string {
  return ms === null ? '–' : duration(ms);
}

function Figures({ told }: { told: WorkflowAnalytics }) {
  const { durations, success_rate: rate, totals } = told;
  const percent = new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 1 });
  const tokens = totals.reduce((sum, one) => sum + one.input_tokens + one.output_tokens, 0);
  const figures = [
    {
      label: t('Runs'),
      value: count(told.runs),
      note: t('{{open}} not over yet', { open: told.runs - told.ended }),
    },
    {
      label: t('Success rate'),
      value: rate === null ? '–' : percent.format(rate),
      note: t('{{failed}} failed', { failed: failures(told) }),
    },
    {
      label: t('Half of them within'),
      value: time(durations.p50_ms),
      note: t('{{time}} on average', { time: time(durations.average_ms) }),
    },
    {
      label: t('95 of 100 within'),
      value: time(durations.p95_ms),
      note: t('{{time}} at the longest', { time: time(durations.longest_ms) }),
    },
    {
      label: t('Waiting for people'),
      value: time(told.waited.p50_ms),
      note: t('rarely {{slow}}; at work {{worked}}, rarely {{most}}', {
        slow: time(told.waited.p95_ms),
        worked: time(told.worked.p50_ms),
        most: time(told.worked.p95_ms),
      }),
    },
    {
      label: t('Cost'),
      value: totals.map((one) => price(one.cost, one.currency)).join(' + ') || '–',
      note: t('{{tokens}} tokens', { tokens: short(tokens) }),
    },
  ];
  return (
    <ul className="wf-figures" aria-label={t('In all')}>
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

function Nodes({ told, graph }: { told: WorkflowAnalytics; graph: Graph }) {
  const long = lengths(told.nodes);
  return (
    <div className="card grid gap-3 p-4">
      <h2 className="h">{t('Nodes')}</h2>
      {told.nodes.length === 0 ? (
        <p className="text-sm text-text-2">{t('Nodes are counted once a run is over.')}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reachable by keyboard
        <section className="wf-scroll" tabIndex={0} aria-label={t('Nodes')}>
          <table className="table num">
            <thead>
              <tr>
                <th scope="col">{t('Node')}</th>
                {[t('Begun'), t('Failed'), t('Tried again'), t('Left out')].map((name) => (
                  <th key={name} scope="col" className="text-right!">
                    {name}
                  </th>
                ))}
                <th scope="col">{t('Time in a run')}</th>
              </tr>
            </thead>
            <tbody>
              {told.nodes.map((node, at) => {
                const drawn = nodeOf(graph, node.node_id);
                return (
                  <tr key={node.node_id}>
                    <th scope="row" className="font-normal!">
                      <span className="flex items-center gap-2 text-sm text-text">
                        {drawn && <KindTile kind={drawn.kind} size={22} />}
                        {drawn ? titleOf(drawn) : (node.name ?? node.node_id)}
                      </span>
                      {node.error_code && (
                        <span className="mt-1 block text-xs text-text-3">
                          {t('mostly {{code}}', { code: node.error_code })}
                        </span>
                      )}
                    </th>
                    <td className="text-right">{count(node.begun)}</td>
                    <td className="text-right">{count(node.failed)}</td>
                    <td className="text-right">{count(node.repeated)}</td>
                    <td className="text-right">{count(node.skipped)}</td>
                    <td className="whitespace-nowrap">
                      {node.durations.count === 0
                        ? '–'
                        : t('{{usual}}, rarely {{slow}}', {
                            usual: time(node.durations.p50_ms),
                            slow: time(node.durations.p95_ms),
                          })}
                      {node.waited.count > 0 && (
                        <span className="block text-text-3 text-xs">
                          {t('for people {{usual}}, rarely {{slow}}', {
                            usual: time(node.waited.p50_ms),
                            slow: time(node.waited.p95_ms),
                          })}
                        </span>
                      )}
                      <span className="wf-took" aria-hidden="true">
                        <span style={{ width: `${long[at]?.slow ?? 0}%` }} />
                        <span style={{ width: `${long[at]?.usual ?? 0}%` }} />
                      </span>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}

function Errors({ told }: { told: WorkflowAnalytics }) {
  if (told.errors.length === 0) return null;
  return (
    <section className="card grid gap-2 p-4" aria-label={t('What runs failed of')}>
      <h2 className="h">{t('What runs failed of')}</h2>
      <ol className="rows">
        {told.errors.map((error) => (
          <li key={error.code} className="flex flex-wrap items-center gap-3 py-2">
            <code className="min-w-0 flex-1 break-all text-sm">{error.code}</code>
            <span className="num text-sm text-text-2">{t('Runs: {{runs}}', { runs: error.count })}</span>
            <Link to="/runs/$runId" params={{ runId: error.newest_run_id }} className="btn out text-sm">
              {t('Newest run')}
            </Link>
          </li>
        ))}
      </ol>
    </section>
  );
}
