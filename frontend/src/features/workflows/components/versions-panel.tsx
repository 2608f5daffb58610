/** Every version of a workflow, which of them runs, and the way back to one. */
import { useQuery } from '@tanstack/react-query';
import { History } from 'lucide-react';
import { useState } from 'react';
import { describe, Problem } from '@/api/problem';
import type { Workflow, WorkflowVersion } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { ago, dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { graphOf } from '../model/graph';
import { isDraft, runningVersion } from '../model/versions';
import { useRollback, workflowVersions } from '../queries';

export function VersionsPanel({
  workflow,
  dirty,
  onRestored,
  onConflict,
  onPublish,
}: {
  workflow: Workflow;
  dirty: boolean;
  onRestored: (workflow: Workflow) => void;
  onConflict: () => void;
  /** Asks whether this version is to run. */
  onPublish: (version: number) => void;
}) {
  const versions = useQuery(workflowVersions(workflow.id));
  const rollback = useRollback(workflow.id);
  const [asking, setAsking] = useState<WorkflowVersion>();
  if (versions.isPending) {
    return (
      <div className="wf-panel">
        <SkeletonRows rows={4} />
      </div>
    );
  }
  if (versions.isError) {
    return (
      <div className="wf-panel">
        <ErrorState
          title={t('The versions could not be loaded')}
          error={versions.error}
          onRetry={() => void versions.refetch()}
        />
      </div>
    );
  }
  const { items } = versions.data;
  return (
    <div className="wf-panel">
      {items.length === 0 ? (
        <EmptyState icon={<History />} title={t('No versions yet')}>
          {t('Each save is kept here, so that any of them can be brought back.')}
        </EmptyState>
      ) : (
        <ol className="rows" aria-label={t('Versions')}>
          {items.map((version) => {
            const current = version.version === workflow.version;
            const published = version.version === workflow.published_version;
            const graph = graphOf(version.graph);
            return (
              <li key={version.id} className="flex flex-wrap items-center gap-3 py-3">
                <div className="min-w-0 flex-1 basis-48">
                  <p className="num flex items-center gap-2 font-medium">
                    {t('Version {{version}}', { version: version.version })}
                    {published ? (
                      <Status tone="ok">{t('published')}</Status>
                    ) : (
                      current &&
                      (isDraft(workflow) ? (
                        <Status tone="warn">{t('draft')}</Status>
                      ) : (
                        <Status tone="ok">{t('in force')}</Status>
                      ))
                    )}
                  </p>
                  <p className="mt-0.5 text-sm text-text-3" title={dateTime(version.created_at)}>
                    {version.note && `${version.note} · `}
                    {t('{{count}} nodes', { count: graph.nodes.length })}
                    {' · '}
                    {ago(version.created_at)}
                  </p>
                </div>
                {!published && workflow.can_edit && (
                  <Button size="xs" variant="outline" onClick={() => onPublish(version.version)}>
                    {t('Publish this version')}
                  </Button>
                )}
                {!current && workflow.can_edit && (
                  <Button size="xs" variant="outline" onClick={() => setAsking(version)}>
                    {t('Go back to it')}
                  </Button>
                )}
              </li>
            );
          })}
        </ol>
      )}
      <ConfirmDialog
        open={asking !== undefined}
        onClose={() => setAsking(undefined)}
        danger={dirty}
        title={t('Go back to version {{version}}?', { version: asking?.version })}
        description={
          dirty
            ? t('Its graph becomes a new version, and the changes that you have not saved are gone.')
            : t('Its graph becomes a new version. Nothing is lost: the present one stays in this list.')
        }
        confirm={t('Go back')}
        onConfirm={async () => {
          if (!asking) return;
          try {
            const now = await rollback.mutateAsync({ to: asking.version, revision: workflow.revision });
            onRestored(now);
            toast.success(
              isDraft(now)
                ? t('Version {{version}} is a draft; version {{running}} runs', {
                    version: now.version,
                    running: runningVersion(now),
                  })
                : t('Version {{version}} is in force', { version: now.version }),
            );
          } catch (error) {
            if (error instanceof Problem && error.status === 412) onConflict();
            else toast.error(describe(error));
          }
        }}
      />
    </div>
  );
}
