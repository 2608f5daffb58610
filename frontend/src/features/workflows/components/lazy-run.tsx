/** The page of a workflow's run as others may show it: it brings the drawing along, so it comes when it is needed. */
import { lazy, Suspense } from 'react';
import { SkeletonRows } from '@/components/ui/states';
import type { WorkflowRunProps } from './workflow-run';

const Loaded = lazy(() => import('./workflow-run'));

export function WorkflowRun(props: WorkflowRunProps) {
  return (
    <Suspense fallback={<SkeletonRows className="page narrow" rows={6} />}>
      <Loaded {...props} />
    </Suspense>
  );
}
