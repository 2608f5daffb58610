/** The designer: a library of kinds, the drawing, an inspector, and what is wrong; large, so only ever imported lazily. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useBlocker, useNavigate } from '@tanstack/react-router';
import { ReactFlowProvider, useReactFlow } from '@xyflow/react';
import {
  ChevronLeft,
  CircleCheck,
  CircleX,
  CopyPlus,
  Download,
  Ellipsis,
  Play,
  Plus,
  Rocket,
  Save,
  Settings2,
  Trash2,
  TriangleAlert,
  Undo2,
  Users,
} from 'lucide-react';
import { lazy, Suspense, useEffect, useMemo, useReducer, useRef, useState } from 'react';
import { describe, Problem } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { Run, Workflow, WorkflowProblem } from '@/api/types';
import { Classification, Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { Menu, MenuGroup, MenuItem, MenuSeparator } from '@/components/ui/menu';
import { Segmented } from '@/components/ui/segmented';
import { Notice, SkeletonRows } from '@/components/ui/states';
import { AccessDialog } from '@/features/access';
import { cx } from '@/lib/cx';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { type Action, edited, editorOf, isDirty } from '../model/editor';
import { copied, type Graph, graphOf, nodeOf, type Point, titleOf } from '../model/graph';
import { givenOf } from '../model/inputs';
import { kindGroups, kindInfo } from '../model/kinds';
import { placeFor } from '../model/layout';
import { errorsIn, nodeOfProblem, problemsByNode } from '../model/problems';
import type { Marks } from '../model/run-state';
import { isDraft } from '../model/versions';
import {
  type Change,
  useCloneWorkflow,
  useCreateWorkflow,
  useDeleteWorkflow,
  usePublish,
  useSaveWorkflow,
  useUnpublish,
  workflowById,
} from '../queries';
import { useCheck } from '../use-check';
import { useDrawingKeys } from '../use-drawing-keys';
import { Canvas, FIT } from './canvas';
import { DrawingTools, motion } from './drawing-tools';
import { ExportDialog } from './export-dialog';
import { EdgeInspector, NodeInspector } from './inspector';
import { KindTile } from './kind-icon';
import { KindLibrary } from './kind-library';
import { ProblemList } from './problem-list';
import { PublishDialog } from './publish-dialog';
import { RunDialog } from './run-dialog';
import { RunPanel } from './run-panel';
import { RunsPart } from './runs-part';
import { Scheduled } from './schedule-fields';
import { VersionsPanel } from './versions-panel';
import { Readiness } from './workflow-badges';
import { type Meta, WorkflowInspector } from './workflow-inspector';
import '../designer.css';

const SourcePanel = lazy(() => import('./source-panel'));

type Part = 'design' | 'source' | 'versions' | 'runs';

function metaOf(workflow: Workflow): Meta {
  return {
    name: workflow.name,
    visibility: workflow.visibility,
    data_classification: workflow.data_classification,
    required_permissions: workflow.required_permissions,
    category: workflow.category ?? '',
    is_template: workflow.is_template,
    is_active: workflow.is_active,
    concurrency: workflow.concurrency,
  };
}

/** The fields beside the graph that differ from what the server has. */
function metaChange(before: Meta, after: Meta): Change {
  const change: Change = {};
  if (after.name !== before.name) change.name = after.name.trim();
  if (after.visibility !== before.visibility) change.visibility = after.visibility;
  if (after.data_classification !== before.data_classification) {
    change.data_classification = after.data_classification;
  }
  if (after.required_permissions.join() !== before.required_permissions.join()) {
    change.required_permissions = after.required_permissions;
  }
  if (after.category !== before.category) change.category = after.category.trim() || null;
  if (after.is_template !== before.is_template) change.is_template = after.is_template;
  if (after.is_active !== before.is_active) change.is_active = after.is_active;
  if (after.concurrency !== before.concurrency) change.concurrency = after.concurrency;
  return change;
}

/** The stored form with the words of the row in it: the two never disagree. */
function withWords(graph: Graph, workflow: Workflow): Graph {
  return {
    ...graph,
    name: workflow.name,
    title: graph.title ?? workflow.title ?? undefined,
    description: graph.description ?? workflow.description ?? undefined,
  };
}

export default function Designer({ workflow }: { workflow: Workflow }) {
  return (
    <ReactFlowProvider>
      <Desk workflow={workflow} />
    </ReactFlowProvider>
  );
}

function Desk({ workflow }: { workflow: Workflow }) {
  // What the server had when this page read or saved it last; a newer one that arrives by itself is no more than news.
  const [base, setBase] = useState(workflow);
  const [editor, dispatch] = useReducer(edited, workflow, (first) =>
    editorOf(withWords(graphOf(first.graph), first)),
  );
  const [meta, setMeta] = useState(() => metaOf(workflow));
  const [part, setPart] = useState<Part>('design');
  const [fresh, setFresh] = useState<string>();
  // On a phone it covers half of the drawing, so there it waits for something to be chosen.
  const [inspecting, setInspecting] = useState(() => window.matchMedia('(min-width: 768px)').matches);
  const [listing, setListing] = useState(false);
  const [conflict, setConflict] = useState(false);
  const [dialog, setDialog] = useState<'access' | 'export' | 'delete' | 'run' | 'unpublish'>();
  // The version that somebody is asked about.
  const [publishing, setPublishing] = useState<number>();
  // The run that is shown in the drawing, what it was given, and how its nodes stand.
  const [run, setRun] = useState<Run>();
  const [marks, setMarks] = useState<Marks>();
  const saving = useRef(false);
  const root = useRef<HTMLDivElement>(null);
  const client = useQueryClient();
  const me = useQuery(meQuery);
  const navigate = useNavigate();
  const flow = useReactFlow();
  const save = useSaveWorkflow(workflow.id);
  const create = useCreateWorkflow();
  const clone = useCloneWorkflow();
  const remove = useDeleteWorkflow();
  const publish = usePublish(workflow.id);
  const unpublish = useUnpublish(workflow.id);

  const graph = editor.history.present;
  const disabled = !base.can_edit;
  const change = metaChange(metaOf(base), meta);
  const dirty = isDirty(editor) || Object.keys(change).length > 0;
  const checked = useCheck(graph, workflow.problems);
  const byNode = useMemo(() => problemsByNode(checked.graph, checked.problems), [checked]);
  const errors = errorsIn(checked.problems);
  const warnings = checked.problems.length - errors;
  const node = editor.nodes.length === 1 ? nodeOf(graph, editor.nodes[0]) : undefined;
  const edge =
    editor.nodes.length === 0 && editor.edges.length === 1
      ? graph.edges.find(({ id }) => id === editor.edges[0])
      : undefined;
  const verdict = checked.failed
    ? t('It could not be checked.')
    : checked.problems.length === 0
      ? t('Nothing wrong with it')
      : [
          errors > 0 && t('{{count}} problems', { count: errors }),
          warnings > 0 && t('{{count}} warnings', { count: warnings }),
        ]
          .filter(Boolean)
          .join(', ');
  // Moments pass without a new revision; what was just saved is newer than what was read.
  const acting = workflow.revision >= base.revision ? workflow : base;
  const title = graph.title || meta.name;
  const nameError = save.error instanceof Problem ? save.error.fieldError('name') : undefined;

  const load = (now: Workflow) => {
    setBase(now);
    setMeta(metaOf(now));
    dispatch({ type: 'load', graph: withWords(graphOf(now.graph), now) });
    setConflict(false);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: only what the server says is news
  useEffect(() => {
    if (saving.current || workflow.revision <= base.revision) return;
    if (dirty) setConflict(true);
    else load(workflow);
  }, [workflow.revision]);

  /** Saves what is not saved, and gives what the server has then; nothing where it has not. */
  const store = async (): Promise<Workflow | undefined> => {
    if (saving.current || disabled || !dirty) return dirty ? undefined : base;
    saving.current = true;
    const sent = graph;
    const body: Change = isDirty(editor)
      ? {
          ...change,
          title: sent.title ?? null,
          description: sent.description ?? null,
          graph: { ...sent, name: change.name ?? base.name },
        }
      : change;
    try {
      const now = await save.mutateAsync({ revision: base.revision, change: body });
      dispatch({ type: 'saved', graph: sent });
      setBase(now);
      setConflict(false);
      toast.success(t('Saved as version {{version}}', { version: now.version }));
      return now;
    } catch (error) {
      if (error instanceof Problem && error.status === 412) {
        setDialog(undefined);
        setConflict(true);
      } else toast.error(describe(error));
      return undefined;
    } finally {
      saving.current = false;
    }
  };

  /** Which version runs changes nothing of what is drawn here, so that what is not saved stays. */
  const settle = async (write: Promise<Workflow>) => {
    saving.current = true;
    try {
      const now = await write;
      setBase(now);
      return now;
    } catch (error) {
      if (!(error instanceof Problem && error.status === 412)) throw error;
      setPublishing(undefined);
      setConflict(true);
      return undefined;
    } finally {
      saving.current = false;
    }
  };

  const askToPublish = async () => {
    if (errors > 0) {
      setPart('design');
      setListing(true);
      toast.error(t('It cannot be published before what is wrong with it is put right.'));
      return;
    }
    const now = await store();
    if (now) setPublishing(now.version);
  };

  const reload = async () => {
    try {
      load(await client.fetchQuery({ ...workflowById(workflow.id), staleTime: 0 }));
    } catch (error) {
      toast.error(describe(error));
    }
  };

  const saveCopy = async () => {
    try {
      const name = `${meta.name}-copy-${Date.now().toString(36).slice(-4)}`;
      const made = await create.mutateAsync({
        name,
        title: t('{{title}} (copy)', { title }),
        description: graph.description ?? null,
        graph: { ...graph, name, title: t('{{title}} (copy)', { title }) },
        visibility: meta.visibility,
        data_classification: meta.data_classification,
      });
      dispatch({ type: 'saved', graph });
      setMeta(metaOf(base));
      toast.success(t('Your changes are in {{name}}', { name: made.name }));
      // After this render nothing is unsaved, so that leaving asks no question.
      setTimeout(() => navigate({ to: '/workflows/$workflowId', params: { workflowId: made.id } }), 0);
    } catch (error) {
      toast.error(describe(error));
    }
  };

  const copy = () =>
    clone.mutate(
      { id: workflow.id },
      {
        onSuccess: (made) => navigate({ to: '/workflows/$workflowId', params: { workflowId: made.id } }),
        onError: (error) => toast.error(describe(error)),
      },
    );

  const goTo = (id: string) => {
    setPart('design');
    setInspecting(true);
    setFresh(undefined);
    dispatch({ type: 'select', nodes: [id] });
    const at = nodeOf(graph, id)?.layout;
    requestAnimationFrame(() => {
      void flow.setCenter((at?.x ?? 0) + 116, (at?.y ?? 0) + 32, {
        zoom: Math.max(0.7, Math.min(1, flow.getZoom())),
        ...motion(),
      });
      root.current
        ?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`)
        ?.focus({ preventScroll: true });
    });
  };

  const open = (problem: WorkflowProblem) => {
    const id = nodeOfProblem(checked.graph, problem);
    if (id !== undefined) goTo(id);
    else {
      dispatch({ type: 'select', nodes: [] });
      setInspecting(true);
    }
  };

  const askToRun = () => {
    if (errors === 0) {
      setDialog('run');
      return;
    }
    setPart('design');
    setListing(true);
    toast.error(t('It cannot run before what is wrong with it is put right.'));
  };

  const add = (kind: string, at?: Point) => {
    setPart('design');
    setInspecting(true);
    const place = at ?? placeFor(graph, editor.nodes);
    dispatch({ type: 'add', kind, at: place });
    // The id that the reducer will give it.
    setFresh(at ? undefined : kind);
    if (!at) {
      void flow.setCenter(place.x + 116, place.y + 32, { zoom: Math.min(1, flow.getZoom()), ...motion() });
    }
  };

  useDrawingKeys({
    editor,
    disabled,
    root,
    dispatch,
    onSave: () => void store(),
    onEnter: dialog === undefined ? askToRun : undefined,
  });

  const blocker = useBlocker({
    shouldBlockFn: () => dirty,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });

  const act = (action: Action) => {
    if (!disabled || action.type === 'select' || action.type === 'pick') dispatch(action);
  };
  const pick = (action: Action) => {
    if (action.type === 'pick' && action.on.length > 0) {
      setInspecting(true);
      setFresh(undefined);
    }
    act(action);
  };
  const inspector = { graph, disabled, dispatch: act, onClose: () => setInspecting(false) };
  const ofEdge = edge ? checked.problems : [];

  return (
    <div ref={root} className="wf-desk">
      <header className="wf-bar">
        <Link
          to="/workflows"
          activeOptions={{ exact: true }}
          className="icon-btn"
          aria-label={t('All workflows')}
        >
          <ChevronLeft size={18} />
        </Link>
        <div className="wf-bar-name">
          <h1 className="h truncate">{title}</h1>
          <p className="truncate text-xs text-text-3">
            {isDraft(base) && !disabled
              ? t('Draft v{{version}}', { version: base.version })
              : t('Version {{version}}', { version: base.graph_version })}
            {' · '}
            {dirty ? t('not saved') : t('saved {{when}}', { when: ago(base.updated_at) })}
          </p>
        </div>
        {(typeof base.published_version !== 'number' || errors > 0) && (
          <span className="wf-wide">
            <Readiness runnable={errors === 0} />
          </span>
        )}
        {typeof base.published_version === 'number' && (
          <Status tone={isDraft(base) ? 'warn' : 'ok'} icon={<Rocket />}>
            {t('Published: v{{version}}', { version: base.published_version })}
          </Status>
        )}
        <span className={typeof base.published_version === 'number' ? 'wf-roomy' : 'wf-wide'}>
          <Classification level={meta.data_classification} />
        </span>
        <span className="wf-wide">
          <Scheduled schedules={acting.schedules} />
        </span>
        {disabled && <Status>{t('Read only')}</Status>}
        <span className="flex-1" />
        <Segmented<Part>
          label={t('View')}
          value={part}
          onChange={setPart}
          options={[
            { value: 'design', label: t('Design') },
            { value: 'source', label: t('Source') },
            { value: 'versions', label: t('Versions') },
            { value: 'runs', label: t('Runs') },
          ]}
        />
        <Menu
          align="end"
          trigger={
            <IconButton label={t('More about this workflow')}>
              <Ellipsis size={18} />
            </IconButton>
          }
        >
          <MenuItem icon={<CopyPlus size={16} />} onSelect={copy} disabled={clone.isPending}>
            {t('Clone')}
          </MenuItem>
          <MenuItem icon={<Download size={16} />} onSelect={() => setDialog('export')}>
            {t('Export')}
          </MenuItem>
          {base.can_share && (
            <MenuItem icon={<Users size={16} />} onSelect={() => setDialog('access')}>
              {t('Access')}
            </MenuItem>
          )}
          {base.can_edit && (
            <>
              {typeof base.published_version === 'number' && (
                <MenuItem icon={<Undo2 size={16} />} onSelect={() => setDialog('unpublish')}>
                  {t('Unpublish')}
                </MenuItem>
              )}
              <MenuSeparator />
              <MenuItem icon={<Trash2 size={16} />} danger onSelect={() => setDialog('delete')}>
                {t('Delete')}
              </MenuItem>
            </>
          )}
        </Menu>
        <Button variant="outline" onClick={askToRun} title="Ctrl Enter">
          <Play size={15} />
          {t('Run')}
        </Button>
        {!disabled && (
          <Button
            variant="outline"
            disabled={base.published_version === base.version && !dirty}
            onClick={() => void askToPublish()}
            aria-label={t('Publish')}
            title={t('Publish')}
          >
            <Rocket size={15} />
            <span className="wf-roomy">{t('Publish')}</span>
          </Button>
        )}
        {!disabled && (
          <Button
            variant="primary"
            busy={save.isPending}
            disabled={!dirty}
            onClick={() => void store()}
            title="Ctrl S"
          >
            <Save size={15} />
            {t('Save')}
          </Button>
        )}
      </header>

      {conflict && (
        <Notice
          tone="err"
          icon={<TriangleAlert size={16} />}
          action={
            <div className="flex flex-wrap gap-2">
              <Button variant="outline" className="text-sm" onClick={() => void reload()}>
                {t('Load theirs')}
              </Button>
              <Button
                variant="outline"
                className="text-sm"
                busy={create.isPending}
                onClick={() => void saveCopy()}
              >
                {t('Save mine as a copy')}
              </Button>
            </div>
          }
        >
          <b>{t('Someone else saved this workflow meanwhile.')}</b>{' '}
          {t(
            'Your changes are still here. Load theirs and lose yours, or keep yours as a workflow of its own.',
          )}
        </Notice>
      )}

      {part === 'source' && (
        <Suspense fallback={<SkeletonRows className="wf-panel" rows={8} />}>
          <SourcePanel workflow={base} dirty={dirty} />
        </Suspense>
      )}
      {part === 'versions' && (
        <VersionsPanel
          workflow={base}
          dirty={dirty}
          onRestored={load}
          onConflict={() => setConflict(true)}
          onPublish={setPublishing}
        />
      )}
      {part === 'runs' && <RunsPart workflow={base} graph={graph} onRun={askToRun} />}
      <div className={cx('wf-work', disabled && 'reading', !inspecting && 'wide')} hidden={part !== 'design'}>
        {!disabled && <KindLibrary onAdd={(kind) => add(kind)} />}
        <section className="wf-middle" aria-label={t('Drawing')}>
          <DrawingTools
            editor={editor}
            disabled={disabled}
            dispatch={dispatch}
            add={
              <Menu
                trigger={
                  <IconButton label={t('Add a node')} className="wf-add">
                    <Plus size={17} />
                  </IconButton>
                }
              >
                {kindGroups().map((group) => (
                  <MenuGroup key={group.name} label={group.name}>
                    {group.kinds.map((kind) => (
                      <MenuItem
                        key={kind}
                        icon={<KindTile kind={kind} size={22} />}
                        onSelect={() => add(kind)}
                      >
                        {kindInfo(kind).name}
                      </MenuItem>
                    ))}
                  </MenuGroup>
                ))}
              </Menu>
            }
          >
            <IconButton
              label={t('Inspector')}
              aria-pressed={inspecting}
              onClick={() => setInspecting(!inspecting)}
            >
              <Settings2 size={17} />
            </IconButton>
          </DrawingTools>
          <div className="wf-canvas" tabIndex={-1}>
            <Canvas
              graph={graph}
              chosen={editor.nodes}
              chosenEdges={editor.edges}
              problems={byNode}
              disabled={disabled}
              dispatch={pick}
              onAdd={add}
              marks={run && marks}
            />
          </div>
          {run && (
            <RunPanel
              key={run.id}
              runId={run.id}
              graph={graph}
              chosen={node?.id}
              onMarks={setMarks}
              onShow={goTo}
              onAgain={askToRun}
              onClose={() => {
                setRun(undefined);
                setMarks(undefined);
              }}
            />
          )}
          <footer className="wf-problems">
            <span role="status" className="sr-only">
              {checked.checking ? '' : verdict}
            </span>
            <button
              type="button"
              aria-expanded={listing}
              aria-controls="wf-problem-list"
              onClick={() => setListing(!listing)}
              disabled={checked.problems.length === 0}
            >
              {errors > 0 ? (
                <CircleX size={15} className="text-err" aria-hidden="true" />
              ) : warnings > 0 ? (
                <TriangleAlert size={15} className="text-warn" aria-hidden="true" />
              ) : (
                <CircleCheck size={15} className="text-ok" aria-hidden="true" />
              )}
              <span>{verdict}</span>
              {checked.checking && <span className="spin" aria-hidden="true" />}
            </button>
            {listing && checked.problems.length > 0 && (
              <div id="wf-problem-list">
                <ProblemList
                  problems={checked.problems}
                  nameOf={(problem) => {
                    const about = nodeOf(checked.graph, nodeOfProblem(checked.graph, problem));
                    return about && titleOf(about);
                  }}
                  onOpen={open}
                />
              </div>
            )}
          </footer>
        </section>
        {inspecting && (
          <aside className="wf-inspector" aria-label={t('Inspector')}>
            {node ? (
              <NodeInspector
                key={node.id}
                {...inspector}
                node={node}
                problems={byNode.get(node.id) ?? []}
                fresh={fresh !== undefined && node.kind === fresh}
              />
            ) : edge ? (
              <EdgeInspector key={edge.id} {...inspector} edge={edge} problems={ofEdge} />
            ) : editor.nodes.length > 1 ? (
              <Several
                count={editor.nodes.length}
                disabled={disabled}
                onDuplicate={() => dispatch({ type: 'paste', piece: copied(graph, editor.nodes) })}
                onDelete={() => dispatch({ type: 'remove', nodes: editor.nodes, edges: editor.edges })}
              />
            ) : (
              <WorkflowInspector
                {...inspector}
                workflowId={workflow.id}
                problems={checked.problems}
                acting={acting}
                own={me.data?.user.id === workflow.owner_user_id}
                meta={meta}
                nameError={nameError}
                onMeta={(part) => setMeta((last) => ({ ...last, ...part }))}
              />
            )}
          </aside>
        )}
      </div>

      <RunDialog
        open={dialog === 'run'}
        onClose={() => setDialog(undefined)}
        workflowId={workflow.id}
        title={title}
        inputs={graph.inputs}
        given={run && givenOf(run)}
        test
        onSave={dirty && !disabled ? async () => (await store()) !== undefined : undefined}
        onStarted={(started) => {
          setDialog(undefined);
          setPart('design');
          setMarks(undefined);
          setRun(started);
          // The panel takes room from the drawing.
          setTimeout(() => void flow.fitView({ ...FIT, ...motion() }), 100);
        }}
      />
      <PublishDialog
        workflow={base}
        version={publishing}
        onClose={() => setPublishing(undefined)}
        onPublish={async (version) => {
          const now = await settle(publish.mutateAsync({ version, revision: base.revision }));
          if (now) toast.success(t('Version {{version}} is published', { version }));
        }}
      />
      <ConfirmDialog
        open={dialog === 'unpublish'}
        onClose={() => setDialog(undefined)}
        danger={isDraft(base)}
        title={t('Run the newest version again?')}
        description={
          isDraft(base)
            ? t(
                'Version {{version}} runs from now on, with its schedules, webhook and events, and so does everything that is saved after it.',
                { version: base.version },
              )
            : t('Everything that is saved from now on runs at once.')
        }
        confirm={t('Unpublish')}
        onConfirm={async () => {
          try {
            const now = await settle(unpublish.mutateAsync({ revision: base.revision }));
            if (now) toast.success(t('The newest version runs again'));
          } catch (error) {
            toast.error(describe(error));
          }
        }}
      />
      <ExportDialog workflow={dialog === 'export' ? base : undefined} onClose={() => setDialog(undefined)} />
      <AccessDialog
        open={dialog === 'access'}
        onClose={() => setDialog(undefined)}
        resource={{ kind: 'workflow', id: workflow.id }}
        name={title}
      />
      <ConfirmDialog
        open={dialog === 'delete'}
        onClose={() => setDialog(undefined)}
        title={t('Delete {{name}}?', { name: title })}
        description={t('All its versions go with it. Export it first if you may want it again.')}
        confirm={t('Delete')}
        onConfirm={async () => {
          // The page goes first: what it shows could not be read again afterwards.
          await navigate({ to: '/workflows', ignoreBlocker: true });
          try {
            await remove.mutateAsync(workflow.id);
            toast.success(t('{{name}} was deleted', { name: title }));
          } catch (error) {
            toast.error(describe(error));
          }
        }}
      />
      <ConfirmDialog
        open={blocker.status === 'blocked'}
        onClose={() => blocker.reset?.()}
        title={t('Leave without saving?')}
        description={t('What you changed since the last save would be gone.')}
        confirm={t('Leave')}
        onConfirm={async () => blocker.proceed?.()}
      />
    </div>
  );
}

function Several({
  count,
  disabled,
  onDuplicate,
  onDelete,
}: {
  count: number;
  disabled: boolean;
  onDuplicate: () => void;
  onDelete: () => void;
}) {
  return (
    <>
      <h2 className="h">{t('{{count}} nodes chosen', { count })}</h2>
      <p className="text-sm text-text-2">{t('Move, copy or delete them together.')}</p>
      {!disabled && (
        <div className="flex gap-2">
          <Button variant="outline" className="text-sm" onClick={onDuplicate}>
            <CopyPlus size={15} />
            {t('Duplicate')}
          </Button>
          <Button variant="outline" danger className="text-sm" onClick={onDelete}>
            <Trash2 size={15} />
            {t('Delete')}
          </Button>
        </div>
      )}
    </>
  );
}
