/** One drawing: a palette, the surface and an inspector; large, so only ever imported lazily. */
import { useQueryClient } from '@tanstack/react-query';
import { Link, useBlocker, useNavigate } from '@tanstack/react-router';
import { ReactFlowProvider, useReactFlow } from '@xyflow/react';
import { ChevronLeft, Ellipsis, Plus, Save, Settings2, Trash2, TriangleAlert } from 'lucide-react';
import { useEffect, useReducer, useRef, useState } from 'react';
import { describe, Problem } from '@/api/problem';
import type { Canvas as Drawing } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { Menu, MenuGroup, MenuItem } from '@/components/ui/menu';
import { Notice } from '@/components/ui/states';
import { cx } from '@/lib/cx';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import {
  type DrawingChange,
  drawingById,
  useCreateDrawing,
  useDeleteDrawing,
  useSaveDrawing,
} from '../drawing-queries';
import {
  addPiece,
  drawnGraph,
  isWorkflow,
  type Piece,
  stateOf,
  viewportOf,
  workflowDocument,
} from '../model/drawing';
import { drawingAddress } from '../model/drawing-address';
import { type Action, edited, editorOf, isDirty } from '../model/editor';
import { nodeOf, type Point } from '../model/graph';
import { DRAWN_KINDS } from '../model/kinds';
import { placeFor } from '../model/layout';
import { slugOf } from '../model/names';
import { useImportWorkflow } from '../queries';
import { useDrawingKeys } from '../use-drawing-keys';
import { Canvas } from './canvas';
import { DrawingInspector, PieceInspector } from './drawing-inspector';
import { DrawingPalette, usePalette } from './drawing-palette';
import { DrawingTools, motion } from './drawing-tools';
import { EdgeInspector, NodeInspector } from './inspector';
import { KindTile } from './kind-icon';
import '../designer.css';

/** Nothing is checked before it is a workflow. */
const NO_PROBLEMS = new Map();

export default function DrawingDesk({ organization, drawing }: { organization: string; drawing: Drawing }) {
  return (
    <ReactFlowProvider>
      <Desk organization={organization} drawing={drawing} />
    </ReactFlowProvider>
  );
}

function Desk({ organization, drawing }: { organization: string; drawing: Drawing }) {
  // What the server had when this page read or saved it last.
  const [base, setBase] = useState(drawing);
  const [editor, dispatch] = useReducer(edited, drawing, ({ state_json }) =>
    editorOf(drawnGraph(state_json)),
  );
  const [viewport] = useState(() => viewportOf(drawing.state_json));
  const [name, setName] = useState(drawing.name);
  const [fresh, setFresh] = useState<string>();
  const [inspecting, setInspecting] = useState(() => window.matchMedia('(min-width: 768px)').matches);
  const [conflict, setConflict] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const saving = useRef(false);
  const root = useRef<HTMLDivElement>(null);
  const client = useQueryClient();
  const navigate = useNavigate();
  const flow = useReactFlow();
  const save = useSaveDrawing(organization, drawing.id);
  const create = useCreateDrawing(organization);
  const remove = useDeleteDrawing(organization);
  const turn = useImportWorkflow();

  const graph = editor.history.present;
  const disabled = !base.can_edit;
  const palette = usePalette(!disabled);
  const renamed = name.trim() !== base.name;
  const dirty = isDirty(editor) || renamed;
  const node = editor.nodes.length === 1 ? nodeOf(graph, editor.nodes[0]) : undefined;
  const edge =
    editor.nodes.length === 0 && editor.edges.length === 1
      ? graph.edges.find(({ id }) => id === editor.edges[0])
      : undefined;
  const nameError = save.error instanceof Problem ? save.error.fieldError('name') : undefined;

  const load = (now: Drawing) => {
    setBase(now);
    setName(now.name);
    dispatch({ type: 'load', graph: drawnGraph(now.state_json) });
    setConflict(false);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: only what the server says is news
  useEffect(() => {
    if (saving.current || drawing.revision <= base.revision) return;
    if (dirty) setConflict(true);
    else load(drawing);
  }, [drawing.revision]);

  /** Saves a change; what the server has then, or nothing where it refused. */
  const write = async (change: DrawingChange): Promise<Drawing | undefined> => {
    if (saving.current) return undefined;
    saving.current = true;
    try {
      const now = await save.mutateAsync({ revision: base.revision, change });
      setBase(now);
      setConflict(false);
      return now;
    } catch (error) {
      if (error instanceof Problem && error.status === 412) setConflict(true);
      else toast.error(describe(error));
      return undefined;
    } finally {
      saving.current = false;
    }
  };

  const store = async () => {
    if (disabled || !dirty || name.trim() === '') return;
    const sent = graph;
    const now = await write({
      ...(renamed && { name: name.trim() }),
      state_json: { ...stateOf(sent, flow.getViewport()) },
    });
    if (!now) return;
    dispatch({ type: 'saved', graph: sent });
    toast.success(t('Saved'));
  };

  const reload = async () => {
    try {
      load(await client.fetchQuery({ ...drawingById(organization, drawing.id), staleTime: 0 }));
    } catch (error) {
      toast.error(describe(error));
    }
  };

  const open = (id: string) =>
    // After this render nothing is unsaved, so that leaving asks no question.
    setTimeout(() => navigate(drawingAddress(id)), 0);

  const saveCopy = async () => {
    try {
      const made = await create.mutateAsync({
        name: `${name.trim().slice(0, 80)} ${Date.now().toString(36).slice(-4)}`,
        environment_id: base.environment_id,
        state_json: { ...stateOf(graph, flow.getViewport()) },
      });
      dispatch({ type: 'saved', graph });
      setName(base.name);
      toast.success(t('Your changes are in {{name}}', { name: made.name }));
      open(made.id);
    } catch (error) {
      toast.error(describe(error));
    }
  };

  const turnInto = async () => {
    try {
      const slug = slugOf(name) || 'drawing';
      const text = workflowDocument(graph, slug, name.trim());
      const made = await turn.mutateAsync({ text, name: slug, draft: true });
      toast.success(t('{{name}} is a workflow now', { name: made.title ?? made.name }));
      // Whoever may only look at the drawing has a workflow of it nevertheless.
      if (disabled || (await write({ workflow_id: made.id }))) {
        if (!dirty) await navigate({ to: '/workflows/$workflowId', params: { workflowId: made.id } });
      }
    } catch (error) {
      toast.error(describe(error));
    }
  };

  const add = (piece: Piece, at?: Point) => {
    setInspecting(true);
    const place = at ?? placeFor(graph, editor.nodes);
    const added = addPiece(graph, piece, place);
    dispatch({ type: 'change', graph: added.graph });
    dispatch({ type: 'select', nodes: [added.id] });
    setFresh(at ? undefined : added.id);
    if (!at) {
      void flow.setCenter(place.x + 116, place.y + 32, { zoom: Math.min(1, flow.getZoom()), ...motion() });
    }
  };
  const drop = (key: string, at: Point) => {
    const piece = palette.groups.flatMap(({ pieces }) => pieces).find((one) => one.key === key);
    if (piece) add(piece, at);
  };

  useDrawingKeys({ editor, disabled, root, dispatch, onSave: () => void store() });

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
  const isPiece = node && (DRAWN_KINDS as readonly string[]).includes(node.kind);

  return (
    <div ref={root} className="wf-desk">
      <header className="wf-bar">
        <Link {...drawingAddress()} className="icon-btn" aria-label={t('All drawings')}>
          <ChevronLeft size={18} />
        </Link>
        <div className="wf-bar-name">
          <h1 className="h truncate">{name || base.name}</h1>
          <p className="truncate text-xs text-text-3" role="status">
            {dirty ? t('not saved') : t('saved {{when}}', { when: ago(base.updated_at) })}
          </p>
        </div>
        {disabled && <Status>{t('Read only')}</Status>}
        <span className="flex-1" />
        {!disabled && (
          <>
            <Menu
              align="end"
              trigger={
                <IconButton label={t('More about this drawing')}>
                  <Ellipsis size={18} />
                </IconButton>
              }
            >
              <MenuItem icon={<Trash2 size={16} />} danger onSelect={() => setDeleting(true)}>
                {t('Delete')}
              </MenuItem>
            </Menu>
            <Button
              variant="primary"
              busy={save.isPending}
              disabled={!dirty || name.trim() === ''}
              onClick={() => void store()}
              title="Ctrl S"
            >
              <Save size={15} />
              {t('Save')}
            </Button>
          </>
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
          <b>{t('Someone else saved this drawing meanwhile.')}</b>{' '}
          {t(
            'Your changes are still here. Load theirs and lose yours, or keep yours as a drawing of its own.',
          )}
        </Notice>
      )}

      <div className={cx('wf-work', disabled && 'reading', !inspecting && 'wide')}>
        {!disabled && <DrawingPalette palette={palette} onAdd={(piece) => add(piece)} />}
        <section className="wf-middle" aria-label={t('Drawing')}>
          <DrawingTools
            editor={editor}
            disabled={disabled}
            dispatch={dispatch}
            add={
              <Menu
                trigger={
                  <IconButton label={t('Add something')} className="wf-add">
                    <Plus size={17} />
                  </IconButton>
                }
              >
                {palette.groups.map((group) => (
                  <MenuGroup key={group.name} label={group.name}>
                    {group.pieces.map((piece) => (
                      <MenuItem
                        key={piece.key}
                        icon={<KindTile kind={piece.kind} size={22} />}
                        onSelect={() => add(piece)}
                      >
                        {piece.name}
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
              problems={NO_PROBLEMS}
              disabled={disabled}
              dispatch={pick}
              onAdd={drop}
              viewport={viewport}
            />
          </div>
        </section>
        {inspecting && (
          <aside className="wf-inspector" aria-label={t('Inspector')}>
            {node && isPiece ? (
              <PieceInspector key={node.id} {...inspector} node={node} fresh={fresh === node.id} />
            ) : node ? (
              <NodeInspector
                key={node.id}
                {...inspector}
                node={node}
                problems={[]}
                fresh={fresh === node.id}
              />
            ) : edge ? (
              <EdgeInspector key={edge.id} {...inspector} edge={edge} problems={[]} />
            ) : (
              <DrawingInspector
                drawing={base}
                name={name}
                nameError={nameError}
                disabled={disabled}
                workflow={isWorkflow(graph)}
                turning={turn.isPending}
                onName={setName}
                onTurn={() => void turnInto()}
              />
            )}
          </aside>
        )}
      </div>

      <ConfirmDialog
        open={deleting}
        onClose={() => setDeleting(false)}
        title={t('Delete {{name}}?', { name: base.name })}
        description={t('It is gone for everybody. A workflow that was made of it stays.')}
        confirm={t('Delete')}
        onConfirm={async () => {
          // The page goes first: what it shows could not be read again afterwards.
          await navigate({
            ...drawingAddress(),
            ignoreBlocker: true,
          });
          try {
            await remove.mutateAsync(drawing.id);
            toast.success(t('{{name}} was deleted', { name: base.name }));
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
