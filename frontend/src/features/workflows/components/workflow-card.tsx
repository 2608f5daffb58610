/** One workflow in the library, with what can be done with it. */
import { Link } from '@tanstack/react-router';
import { CopyPlus, Download, Ellipsis, Trash2, Workflow as WorkflowIcon } from 'lucide-react';
import type { WorkflowSummary } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu';
import { Skeleton } from '@/components/ui/states';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';
import { formatName, workflowTitle } from '../model/names';
import { runningVersion } from '../model/versions';
import { Stars } from './opinions';
import { Sketch } from './sketch';
import { WorkflowBadges } from './workflow-badges';

export interface CardActions {
  cloning: boolean;
  onClone: () => void;
  onExport: () => void;
  onDelete: () => void;
  /** Shows only those that have this tag. */
  onTag: (name: string) => void;
}

export function WorkflowCard({
  workflow,
  cloning,
  onClone,
  onExport,
  onDelete,
  onTag,
}: { workflow: WorkflowSummary } & CardActions) {
  const title = workflowTitle(workflow);
  return (
    <article className="wf-card card">
      <header>
        <span className="tile" style={{ ['--k' as string]: 'var(--accent)' }} aria-hidden="true">
          <WorkflowIcon size={20} />
        </span>
        <div>
          <h3 className="card-title truncate">
            {/* The whole card is the link; the buttons lie above it. */}
            <Link to="/workflows/$workflowId" params={{ workflowId: workflow.id }} className="wf-card-link">
              {title}
            </Link>
          </h3>
          <p className="truncate text-xs text-text-3">
            {title === workflow.name ? formatName(workflow.source_format) : workflow.name}
          </p>
        </div>
      </header>
      <div className="grid content-start gap-3">
        {workflow.is_template && <Sketch workflowId={workflow.id} />}
        <p className="line-clamp-3 text-text-2">{workflow.description || t('No description yet.')}</p>
      </div>
      <div className="wf-badges">
        {workflow.tags.map(({ id, name }) => (
          <button
            key={id}
            type="button"
            className="wf-tag"
            aria-label={t('Only workflows with the tag {{name}}', { name })}
            onClick={() => onTag(name)}
          >
            {name}
          </button>
        ))}
        <WorkflowBadges workflow={workflow} />
        <Stars rating={workflow.rating} />
      </div>
      <footer>
        <span className="num">
          <span className="block truncate">
            {t('{{count}} nodes', { count: workflow.node_count })}
            {' · '}
            {t('version {{version}}', { version: runningVersion(workflow) })}
          </span>
          <span className="block truncate text-xs text-text-3">
            {formatName(workflow.source_format)}
            {' · '}
            {ago(workflow.updated_at)}
          </span>
        </span>
        {workflow.is_template && (
          <Button
            variant="outline"
            className="text-sm"
            busy={cloning}
            onClick={onClone}
            aria-label={t('Use the template {{name}}', { name: title })}
          >
            {t('Use it')}
          </Button>
        )}
        <Menu
          align="end"
          trigger={
            <IconButton label={t('More about {{name}}', { name: title })}>
              <Ellipsis size={18} />
            </IconButton>
          }
        >
          <MenuItem icon={<CopyPlus size={16} />} onSelect={onClone} disabled={cloning}>
            {t('Clone')}
          </MenuItem>
          <MenuItem icon={<Download size={16} />} onSelect={onExport}>
            {t('Export')}
          </MenuItem>
          {workflow.can_edit && (
            <>
              <MenuSeparator />
              <MenuItem icon={<Trash2 size={16} />} danger onSelect={onDelete}>
                {t('Delete')}
              </MenuItem>
            </>
          )}
        </Menu>
      </footer>
    </article>
  );
}

export function WorkflowCardSkeleton() {
  return (
    <div className="wf-card card" aria-hidden="true">
      <header>
        <Skeleton style={{ width: 40, height: 40, borderRadius: 12 }} />
        <div className="grid gap-2">
          <Skeleton style={{ width: '60%' }} />
          <Skeleton style={{ width: '35%', height: 9 }} />
        </div>
      </header>
      <div className="grid content-start gap-3">
        <Skeleton />
        <Skeleton style={{ width: '84%' }} />
      </div>
      <Skeleton style={{ width: '45%' }} />
      <Skeleton style={{ height: 9 }} />
    </div>
  );
}
