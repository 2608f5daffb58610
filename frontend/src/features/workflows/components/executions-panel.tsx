/** The runs of a workflow, the newest first. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronRight, History, Play } from 'lucide-react';
import { useEffect } from 'react';
import type { Run, Workflow } from '@/api/types';
import { Button } from '@/components/ui/button';
import { RunStatusPill } from '@/components/ui/run-status';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { ago, dateTime, duration } from '@/lib/format';
import { t } from '@/lib/i18n';
import { isOver } from '../model/run-state';
import { workflowExecutions } from '../queries';
import { spentWords } from './node-run';

/** Which door it was started by. */
export function triggerName(trigger: Run['trigger']): string {
  switch (trigger) {
    case 'test':
      return t('tried out in the designer');
    case 'chat':
      return t('started in a chat');
    case 'schedule':
      return t('started by its schedule');
    case 'webhook':
      return t('started by a webhook');
    case 'event':
      return t('started by an event');
    case 'mcp':
      return t('started over MCP');
    default:
      return t('started over the API');
  }
}

const AGAIN_MS = 4000;

export function ExecutionsPanel({ workflow, onRun }: { workflow: Workflow; onRun: () => void }) {
  const list = useInfiniteQuery({
    ...workflowExecutions(workflow.id),
    // While one goes on, its line would grow old.
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some((run) => !isOver(run.status))) ? AGAIN_MS : false,
  });
  const { refetch } = list;
  // What was read a moment ago may lack the run that was just started.
  useEffect(() => void refetch(), [refetch]);
  if (list.isPending) {
    return (
      <div className="wf-panel">
        <SkeletonRows rows={6} />
      </div>
    );
  }
  if (list.isError && !list.data) {
    return (
      <div className="wf-panel">
        <ErrorState
          title={t('The runs could not be loaded')}
          error={list.error}
          onRetry={() => void refetch()}
        />
      </div>
    );
  }
  const runs = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="wf-panel">
      {runs.length === 0 ? (
        <EmptyState
          icon={<History />}
          title={t('It has not run yet')}
          action={
            <Button variant="outline" onClick={onRun}>
              <Play size={15} />
              {t('Run')}
            </Button>
          }
        >
          {t('Each run is kept here with what it was given, what every node did and what came out.')}
        </EmptyState>
      ) : (
        <ol className="rows" aria-label={t('Runs')}>
          {runs.map((run) => (
            <li key={run.id}>
              <Link
                to="/runs/$runId"
                params={{ runId: run.id }}
                className="-mx-3 flex items-center gap-3 rounded-md px-3 py-3 hover:bg-hover"
              >
                <span className="w-28 flex-none">
                  <RunStatusPill status={run.status} />
                </span>
                <span className="min-w-0 flex-1">
                  <span className="block font-medium" title={dateTime(run.created_at)}>
                    {ago(run.created_at)}
                  </span>
                  <span className="num mt-0.5 block truncate text-sm text-text-3">
                    {[
                      typeof run.duration_ms === 'number' && duration(run.duration_ms),
                      typeof run.workflow_version === 'number' &&
                        t('version {{version}}', { version: run.workflow_version }),
                      triggerName(run.trigger),
                      ...spentWords(run),
                      run.error?.title,
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </span>
                </span>
                <ChevronRight size={16} className="flex-none text-text-3" aria-hidden="true" />
              </Link>
            </li>
          ))}
        </ol>
      )}
      {list.hasNextPage && (
        <Button
          variant="outline"
          className="justify-self-center"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {t('Show more')}
        </Button>
      )}
    </div>
  );
}
