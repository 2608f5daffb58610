/** The recent calls of a server's tools, each a recorded run. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ListTree } from 'lucide-react';
import type { Connector } from '@/api/types';
import { Button } from '@/components/ui/button';
import { RunStatusPill } from '@/components/ui/run-status';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { dateTime, duration } from '@/lib/format';
import { t } from '@/lib/i18n';
import { connectorLogs } from '../queries';

export function ServerLogs({ connector }: { connector: Connector }) {
  const logs = useInfiniteQuery(connectorLogs(connector.id));
  if (logs.isPending) return <SkeletonRows rows={5} />;
  if (logs.isError) {
    return (
      <ErrorState
        title={t('The calls could not be loaded')}
        error={logs.error}
        onRetry={() => void logs.refetch()}
      />
    );
  }
  const runs = logs.data.pages.flatMap((page) => page.items);
  if (runs.length === 0) {
    return (
      <EmptyState icon={<ListTree />} title={t('No calls yet')}>
        {t('Every call of a tool of this server is recorded and will stand here.')}
      </EmptyState>
    );
  }
  return (
    <div className="grid grid-cols-1 gap-4">
      <div className="relative overflow-x-auto">
        <table className="table num">
          <thead>
            <tr>
              <th scope="col">{t('When')}</th>
              <th scope="col">{t('Tool')}</th>
              <th scope="col">{t('Started by')}</th>
              <th scope="col" className="text-right!">
                {t('Took')}
              </th>
              <th scope="col">{t('Status')}</th>
              <th scope="col">
                <span className="sr-only">{t('Timeline')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={run.id}>
                <td className="whitespace-nowrap text-text-2">{dateTime(run.created_at)}</td>
                <td className="mono">{run.tool_name}</td>
                <td className="text-text-2">{run.trigger}</td>
                <td className="text-right">
                  {run.duration_ms === null || run.duration_ms === undefined ? '' : duration(run.duration_ms)}
                </td>
                <td>
                  <RunStatusPill status={run.status} />
                  {run.error && (
                    <span className="mt-1 block max-w-[36ch] text-xs text-err">{run.error.detail}</span>
                  )}
                </td>
                <td className="text-right">
                  <Link to="/runs/$runId" params={{ runId: run.id }} className="link text-sm">
                    {t('Timeline')}
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {logs.hasNextPage && (
        <div className="text-center">
          <Button variant="outline" busy={logs.isFetchingNextPage} onClick={() => void logs.fetchNextPage()}>
            {t('Show more')}
          </Button>
        </div>
      )}
    </div>
  );
}
