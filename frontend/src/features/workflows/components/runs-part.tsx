/** The runs of a workflow: each of them, or all of them in figures. */
import { lazy, Suspense, useState } from 'react';
import type { Workflow } from '@/api/types';
import { Segmented } from '@/components/ui/segmented';
import { SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import type { Graph } from '../model/graph';
import { ExecutionsPanel } from './executions-panel';
import '../analytics.css';

const AnalyticsPanel = lazy(() => import('./analytics-panel'));

export function RunsPart({
  workflow,
  graph,
  onRun,
}: {
  workflow: Workflow;
  graph: Graph;
  onRun: () => void;
}) {
  const [shown, setShown] = useState<'list' | 'analytics'>('list');
  return (
    <>
      <div className="wf-runs-head">
        <Segmented<'list' | 'analytics'>
          label={t('Show its runs')}
          value={shown}
          onChange={setShown}
          options={[
            { value: 'list', label: t('One by one') },
            { value: 'analytics', label: t('Analytics') },
          ]}
        />
      </div>
      {shown === 'list' ? (
        <ExecutionsPanel workflow={workflow} onRun={onRun} />
      ) : (
        <Suspense
          fallback={
            <div className="wf-panel">
              <SkeletonRows rows={6} />
            </div>
          }
        >
          <AnalyticsPanel workflow={workflow} graph={graph} onRun={onRun} />
        </Suspense>
      )}
    </>
  );
}
