/** One workflow: loads it, and the designer, which is large and therefore a chunk of its own. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronLeft } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { Problem } from '@/api/problem';
import type { WorkflowSchedule } from '@/api/types';
import { ErrorState, Skeleton, SkeletonRows } from '@/components/ui/states';
import { RequestAccess } from '@/features/access';
import { t } from '@/lib/i18n';
import { workflowById } from '../queries';
import '../workflows.css';

const Designer = lazy(() => import('./designer'));

function Waiting() {
  return (
    <div className="page narrow" aria-busy="true">
      <Skeleton style={{ height: 40, width: '50%' }} />
      <SkeletonRows rows={6} />
    </div>
  );
}

const SOONEST_MS = 5000;
const LATEST_MS = 3_600_000;

/** How long to wait for the soonest moment of these schedules. */
function untilNext(schedules: readonly WorkflowSchedule[]): number | false {
  if (schedules.length === 0) return false;
  const next = Math.min(...schedules.map(({ next_at }) => Date.parse(next_at)));
  return Math.min(LATEST_MS, Math.max(SOONEST_MS, next - Date.now() + 2000));
}

export function WorkflowPage({ workflowId }: { workflowId: string }) {
  const query = useQuery({
    ...workflowById(workflowId),
    // When its next moment has passed, what is shown of its schedules is old.
    refetchInterval: ({ state }) => untilNext(state.data?.schedules ?? []),
  });
  if (query.isPending) return <Waiting />;
  if (query.data) {
    return (
      <Suspense fallback={<Waiting />}>
        <Designer workflow={query.data} />
      </Suspense>
    );
  }
  return (
    <div className="page narrow">
      <Link to="/workflows" className="btn -ml-3 -mb-4 justify-self-start text-sm text-text-2">
        <ChevronLeft size={16} />
        {t('Workflows')}
      </Link>
      <div className="card border-dashed">
        <ErrorState
          title={t('This workflow could not be loaded')}
          error={query.error}
          onRetry={() => void query.refetch()}
        />
        {query.error instanceof Problem && query.error.status === 404 && (
          <div className="grid justify-items-center gap-2 px-5 pb-6 text-center text-sm text-text-2">
            <p>{t('If somebody sent you here, you can ask its owner to let you in.')}</p>
            <RequestAccess resource={{ kind: 'workflow', id: workflowId }} />
          </div>
        )}
      </div>
    </div>
  );
}
