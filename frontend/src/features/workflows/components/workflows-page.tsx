/** The library: every workflow a person may see, and the ways to another one. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { FileUp, LayoutTemplate, Pencil, Plus, Workflow as WorkflowIcon, X } from 'lucide-react';
import { lazy, Suspense, useDeferredValue, useMemo, useState } from 'react';
import { describe } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { Workflow, WorkflowSummary } from '@/api/types';
import { LibraryHead, LibraryList, LibrarySearch } from '@/components/shared/library';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { Segmented } from '@/components/ui/segmented';
import { EmptyState } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { workflowTitle } from '../model/names';
import { useCloneWorkflow, useDeleteWorkflow, workflowList } from '../queries';
import { CreateDialog } from './create-dialog';
import { ExportDialog } from './export-dialog';
import { ImportDialog } from './import-dialog';
import { WorkflowCard, WorkflowCardSkeleton } from './workflow-card';
import '../workflows.css';

const TemplatesDialog = lazy(() => import('./templates-dialog'));

/** Where drawings are; no route declares the parameter, for the tree of routes is in the first load. */
const CANVAS = { canvas: '' } as object;

type Which = 'all' | 'mine' | 'template' | 'official';

export function WorkflowsPage() {
  const [query, setQuery] = useState('');
  const q = useDeferredValue(query.trim());
  const [which, setWhich] = useState<Which>('all');
  const [tags, setTags] = useState<string[]>([]);
  const [dialog, setDialog] = useState<'create' | 'import' | 'templates'>();
  const [exporting, setExporting] = useState<WorkflowSummary>();
  const [deleting, setDeleting] = useState<WorkflowSummary>();
  const me = useQuery(meQuery);
  const list = useInfiniteQuery(
    workflowList({
      q,
      official: which === 'official' ? true : which === 'mine' ? false : undefined,
      template: which === 'template' ? true : undefined,
      tags,
    }),
  );
  const clone = useCloneWorkflow();
  const remove = useDeleteWorkflow();
  const navigate = useNavigate();

  const loaded = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const workflows =
    which === 'mine' ? loaded.filter((workflow) => workflow.owner_user_id === me.data?.user.id) : loaded;
  const filtered = q !== '' || which !== 'all' || tags.length > 0;
  const open = (workflow: Workflow) =>
    navigate({ to: '/workflows/$workflowId', params: { workflowId: workflow.id } });
  const copy = (id: string) =>
    clone.mutate({ id }, { onSuccess: open, onError: (error) => toast.error(describe(error)) });

  return (
    <div className="page">
      <LibraryHead
        title={t('Workflows')}
        lead={t('What happens in which order: agents, tools, checks and people, drawn as a graph.')}
      >
        <div className="flex flex-wrap gap-2">
          <Link to="/workflows" search={CANVAS} className="btn out">
            <Pencil size={16} />
            {t('Canvas')}
          </Link>
          <Button variant="outline" onClick={() => setDialog('import')}>
            <FileUp size={16} />
            {t('Import')}
          </Button>
          <Button variant="outline" onClick={() => setDialog('templates')}>
            <LayoutTemplate size={16} />
            {t('From a template')}
          </Button>
          <Button variant="primary" onClick={() => setDialog('create')}>
            <Plus size={16} />
            {t('New workflow')}
          </Button>
        </div>
      </LibraryHead>

      <div className="flex flex-wrap items-center gap-3">
        <LibrarySearch
          label={t('Search workflows')}
          placeholder={t('Search by name or task')}
          value={query}
          onChange={setQuery}
        />
        <Segmented<Which>
          label={t('Which workflows')}
          value={which}
          onChange={setWhich}
          options={[
            { value: 'all', label: t('All') },
            { value: 'mine', label: t('Mine') },
            { value: 'template', label: t('Templates') },
            { value: 'official', label: t('Official') },
          ]}
        />
      </div>

      {tags.length > 0 && (
        <ul className="wf-tags" aria-label={t('Only with these tags')}>
          {tags.map((name) => (
            <li key={name} className="wf-tag">
              {name}
              <button
                type="button"
                aria-label={t('Also without the tag {{name}}', { name })}
                onClick={() => setTags(tags.filter((other) => other !== name))}
              >
                <X size={12} />
              </button>
            </li>
          ))}
        </ul>
      )}

      <LibraryList
        label={t('Workflows')}
        list={list}
        length={workflows.length}
        counted={t('{{count}} workflows', { count: workflows.length })}
        skeleton={<WorkflowCardSkeleton />}
        failed={t('The workflows could not be loaded')}
        filtered={filtered}
        nothing={t('No workflow fits this search. Try fewer words, or look at all of them.')}
        onClear={() => {
          setQuery('');
          setWhich('all');
          setTags([]);
        }}
        empty={
          <EmptyState
            icon={<WorkflowIcon />}
            title={t('No workflows yet')}
            action={
              <Button variant="outline" onClick={() => setDialog('templates')}>
                {t('Start from a template')}
              </Button>
            }
          >
            {t('Take one that ships with Conductor, draw your own, or import a document that you have.')}
          </EmptyState>
        }
      >
        {workflows.map((workflow) => (
          <WorkflowCard
            key={workflow.id}
            workflow={workflow}
            cloning={clone.isPending && clone.variables.id === workflow.id}
            onClone={() => copy(workflow.id)}
            onExport={() => setExporting(workflow)}
            onDelete={() => setDeleting(workflow)}
            onTag={(name) => setTags((chosen) => [...new Set([...chosen, name])])}
          />
        ))}
      </LibraryList>
      <CreateDialog open={dialog === 'create'} onClose={() => setDialog(undefined)} onMade={open} />
      <ImportDialog open={dialog === 'import'} onClose={() => setDialog(undefined)} onMade={open} />
      {dialog === 'templates' && (
        <Suspense>
          <TemplatesDialog onClose={() => setDialog(undefined)} onMade={open} />
        </Suspense>
      )}
      <ExportDialog workflow={exporting} onClose={() => setExporting(undefined)} />
      <ConfirmDialog
        open={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        title={t('Delete {{name}}?', { name: deleting ? workflowTitle(deleting) : '' })}
        description={t('All its versions go with it. Export it first if you may want it again.')}
        confirm={t('Delete')}
        onConfirm={async () => {
          if (!deleting) return;
          try {
            await remove.mutateAsync(deleting.id);
            toast.success(t('{{name}} was deleted', { name: workflowTitle(deleting) }));
          } catch (error) {
            toast.error(describe(error));
          }
        }}
      />
    </div>
  );
}
