/** What a workflow is at a glance: whether it can run, who stands behind it, who sees it. */
import { BadgeCheck, FilePen, LayoutTemplate, ShieldCheck } from 'lucide-react';
import type { WorkflowSummary } from '@/api/types';
import { Classification, Status } from '@/components/ui/badges';
import { t } from '@/lib/i18n';
import { visibilityName } from '../model/names';
import { isDraft } from '../model/versions';

export function Readiness({ runnable }: { runnable: boolean }) {
  return runnable ? (
    <Status tone="ok">{t('Ready')}</Status>
  ) : (
    <Status tone="warn" icon={<FilePen />}>
      {t('Draft')}
    </Status>
  );
}

export function WorkflowBadges({ workflow }: { workflow: WorkflowSummary }) {
  return (
    <div className="wf-badges">
      <Readiness runnable={workflow.runnable} />
      {workflow.can_edit && isDraft(workflow) && (
        <Status icon={<FilePen />}>{t('Draft v{{version}}', { version: workflow.version })}</Status>
      )}
      {!workflow.is_active && <Status>{t('Off')}</Status>}
      {workflow.is_template && (
        <Status icon={<LayoutTemplate />} tone="info">
          {t('Template')}
        </Status>
      )}
      {workflow.is_official && (
        <Status tone="info" icon={<BadgeCheck />}>
          {t('Official')}
        </Status>
      )}
      {workflow.is_verified && (
        <Status tone="ok" icon={<ShieldCheck />}>
          {t('Verified')}
        </Status>
      )}
      <Classification level={workflow.data_classification} />
      {!workflow.is_official && (
        <span className="text-xs text-text-3">{visibilityName(workflow.visibility)}</span>
      )}
    </div>
  );
}
