/** One run of a workflow: its graph with how every node stands, what each did and when; only ever imported lazily. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ReactFlowProvider, useReactFlow } from '@xyflow/react';
import { ChevronLeft, Maximize, Pause, Play, RotateCcw, Square, X, ZoomIn, ZoomOut } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { describe } from '@/api/problem';
import { runQuery } from '@/api/queries';
import type { Run, RunEvent } from '@/api/types';
import { Classification, isSensitive } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { RunStatusPill } from '@/components/ui/run-status';
import { Segmented } from '@/components/ui/segmented';
import { ErrorState, SkeletonRows } from '@/components/ui/states';
import { dateTime, duration } from '@/lib/format';
import { t } from '@/lib/i18n';
import { runStatusName } from '@/lib/names';
import { toast } from '@/lib/toast';
import type { Action } from '../model/editor';
import { type Graph, graphOf, nodeOf, titleOf } from '../model/graph';
import { givenOf } from '../model/inputs';
import { placed } from '../model/layout';
import { workflowTitle } from '../model/names';
import { isOver, marksOf } from '../model/run-state';
import { runningVersion } from '../model/versions';
import { runShares, stopRun, workflowById, workflowGraph } from '../queries';
import { type Stepping, useNow, useRunState, useStateAt, useStepping } from '../use-run';
import { Canvas, FIT } from './canvas';
import { NodeRun } from './node-run';
import { RunDialog } from './run-dialog';
import { RunTimeline } from './run-timeline';
import { WholeRun } from './whole-run';
import '../designer.css';
import '../workflows.css';

export interface WorkflowRunProps {
  run: Run;
  events: readonly RunEvent[];
  /** Why no more events come, where the stream was refused. */
  error?: unknown;
  /** The events one by one. */
  log: ReactNode;
}

export default function WorkflowRun(props: WorkflowRunProps) {
  return (
    <ReactFlowProvider>
      <RunDesk {...props} />
    </ReactFlowProvider>
  );
}

type Below = 'timeline' | 'events';

/** A run to be started: from the beginning, or from a node, or from where this one stopped. */
interface Again {
  from?: { node?: string | undefined; iteration?: readonly number[] | undefined };
}

const NO_PROBLEMS = new Map();
const SPENDING_MS = 5000;

/** The graph with a place for every node: a thousand take a second, so the rest of the page is drawn before. */
function usePlaced(stored: unknown): Graph | undefined {
  const [graph, setGraph] = useState<Graph>();
  useEffect(() => {
    if (!stored) return;
    const timer = setTimeout(() => setGraph(placed(graphOf(stored))), 0);
    return () => clearTimeout(timer);
  }, [stored]);
  return graph;
}

function RunDesk({ run, events, error, log }: WorkflowRunProps) {
  const whole = useRunState(events);
  const stepping = useStepping(events.length);
  const state = useStateAt(events, stepping.until) ?? whole;
  const status = whole.seq > 0 ? whole.status : run.status;
  const over = isOver(status);
  const now = useNow(!over);
  const flow = useReactFlow();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [chosen, setChosen] = useState<{ node: string; visit?: number | undefined }>();
  const [below, setBelow] = useState<Below>('timeline');
  const [again, setAgain] = useState<Again>();
  const [stopping, setStopping] = useState(false);
  const side = useRef<HTMLElement>(null);

  const workflowId = run.workflow_id ?? '';
  const version = run.workflow_version ?? 0;
  const workflow = useQuery({ ...workflowById(workflowId), enabled: workflowId !== '', retry: false });
  const stored = useQuery({
    ...workflowGraph(workflowId, version),
    enabled: workflowId !== '',
    retry: false,
  });
  const graph = usePlaced(stored.data);
  // Run again, it is what runs now: a try-out is of what is shown here, and everything else of what is published.
  const shown = workflow.data?.graph_version ?? 0;
  const next = workflow.data && run.trigger !== 'test' ? runningVersion(workflow.data) : shown;
  const published = useQuery({
    ...workflowGraph(workflowId, next),
    enabled: next !== shown,
    retry: false,
  });
  const names = useMemo(
    () => new Map(graph?.nodes.map((node) => [node.id, titleOf(node)] as const)),
    [graph],
  );
  const nameOf = (node: string) => names.get(node) ?? node;
  const round = chosen?.visit === undefined ? undefined : state.visits[chosen.visit]?.iteration;
  const inRound = round !== undefined && round.length > 0;
  const marks = useMemo(() => graph && marksOf(state, graph, round), [state, graph, round]);
  const chosenNodes = useMemo(() => (chosen ? [chosen.node] : []), [chosen]);

  // The row of the run tells what it has spent, which its events do not: it grows while the run goes on.
  const { data: spending = run } = useQuery({
    ...runQuery(run.id),
    refetchInterval: over ? false : SPENDING_MS,
  });
  const shares = useQuery({
    ...runShares(run.id, over),
    enabled: chosen !== undefined && (over || spending.input_tokens > 0 || Number(spending.cost) > 0),
    refetchInterval: over ? false : SPENDING_MS,
  });
  const share = chosen && shares.data?.get(chosen.node);

  const mayResume = over && Boolean(workflow.data) && graph !== undefined;

  const title = workflow.data ? workflowTitle(workflow.data) : graph?.title || graph?.name || t('Workflow');
  const began = Date.parse(whole.startedAt ?? run.started_at ?? run.created_at);
  const ended = whole.endedAt ?? run.ended_at;
  const took = over
    ? (run.duration_ms ?? (ended ? Date.parse(ended) - began : 0))
    : Math.floor(Math.max(0, now - began) / 1000) * 1000;

  const still = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  const motion = () => ({ duration: still() ? 0 : 200 });
  const show = (node: string, visit?: number) => {
    setChosen({ node, visit });
    const at = graph && nodeOf(graph, node)?.layout;
    // On a phone the details stand above the list that was pressed.
    if (window.matchMedia('(max-width: 767px)').matches) {
      side.current?.scrollIntoView({ block: 'nearest', behavior: still() ? 'auto' : 'smooth' });
    }
    if (!at) return;
    void flow.setCenter((at.x ?? 0) + 116, (at.y ?? 0) + 32, {
      zoom: Math.max(0.7, Math.min(1, flow.getZoom())),
      ...motion(),
    });
  };
  const pick = (action: Action) => {
    if (action.type !== 'pick' || action.what !== 'nodes') return;
    const next = action.on.at(-1);
    if (next !== undefined) setChosen((last) => (last?.node === next ? last : { node: next }));
    else if (chosen && action.off.includes(chosen.node)) setChosen(undefined);
  };
  const stop = async () => {
    setStopping(true);
    try {
      await stopRun(run.id);
      await client.invalidateQueries({ queryKey: ['runs', run.id] });
    } catch (problem) {
      toast.error(describe(problem));
    } finally {
      setStopping(false);
    }
  };

  return (
    <div className="wf-desk wf-run-desk">
      <header className="wf-bar">
        {workflow.data ? (
          <Link
            to="/workflows/$workflowId"
            params={{ workflowId }}
            className="icon-btn"
            aria-label={t('Back to the workflow')}
          >
            <ChevronLeft size={18} />
          </Link>
        ) : (
          <Link to="/workflows" className="icon-btn" aria-label={t('All workflows')}>
            <ChevronLeft size={18} />
          </Link>
        )}
        <div className="wf-bar-name">
          <h1 className="h truncate">{title}</h1>
          <p className="truncate text-text-3 text-xs">
            {t('Run of {{when}}', { when: dateTime(run.created_at) })}
            {version > 0 && ` · ${t('version {{version}}', { version })}`}
          </p>
        </div>
        <RunStatusPill status={status} />
        {status === 'pending' && run.in_line && (
          <span className="text-sm text-text-3">{t('It waits for the run before it.')}</span>
        )}
        <span className="num text-sm text-text-2">{duration(took)}</span>
        <span role="status" className="sr-only">
          {over ? t('Run ended: {{status}}', { status: runStatusName(status) }) : runStatusName(status)}
        </span>
        {isSensitive(run.data_classification) && (
          <span className="wf-wide">
            <Classification level={run.data_classification} />
          </span>
        )}
        <span className="flex-1" />
        {!over && (
          <Button variant="outline" danger busy={stopping} onClick={() => void stop()}>
            <Square size={14} fill="currentColor" />
            {t('Stop')}
          </Button>
        )}
        {workflow.data && (
          <Button variant="outline" onClick={() => setAgain({})}>
            <RotateCcw size={15} />
            {t('Run again')}
          </Button>
        )}
      </header>

      <div className="wf-run-work">
        <section className="wf-middle" aria-label={t('Drawing')}>
          {graph ? (
            <>
              <div className="wf-tools" role="toolbar" aria-label={t('Drawing')}>
                <IconButton label={t('Zoom in')} onClick={() => void flow.zoomIn(motion())}>
                  <ZoomIn size={17} />
                </IconButton>
                <IconButton label={t('Zoom out')} onClick={() => void flow.zoomOut(motion())}>
                  <ZoomOut size={17} />
                </IconButton>
                <IconButton
                  label={t('Fit to view')}
                  onClick={() => void flow.fitView({ ...FIT, ...motion() })}
                >
                  <Maximize size={17} />
                </IconButton>
              </div>
              {inRound && chosen && (
                <div className="wf-round">
                  <span className="num">{t('Round {{number}}', { number: round.join('.') })}</span>
                  <IconButton
                    label={t('Show the newest round')}
                    small
                    onClick={() => setChosen({ node: chosen.node })}
                  >
                    <X size={14} />
                  </IconButton>
                </div>
              )}
              <div className="wf-canvas" tabIndex={-1}>
                <Canvas
                  graph={graph}
                  chosen={chosenNodes}
                  chosenEdges={NO_EDGES}
                  problems={NO_PROBLEMS}
                  disabled
                  dispatch={pick}
                  marks={marks}
                />
              </div>
            </>
          ) : stored.isLoading || stored.data ? (
            <SkeletonRows className="p-6" rows={5} />
          ) : stored.isError ? (
            <ErrorState title={t('The graph of this run could not be loaded')} error={stored.error} />
          ) : (
            <p className="p-6 text-center text-text-2">
              {t('The graph of this run is gone. What its nodes did is below.')}
            </p>
          )}
        </section>

        <aside ref={side} className="wf-inspector" aria-label={t('Details')}>
          {chosen ? (
            <>
              <button
                type="button"
                className="btn xs -mx-2 -mb-4 justify-self-start text-text-2"
                onClick={() => setChosen(undefined)}
              >
                <ChevronLeft size={14} />
                {t('The whole run')}
              </button>
              <NodeRun
                key={chosen.node}
                runId={run.id}
                state={state}
                node={graph && nodeOf(graph, chosen.node)}
                id={chosen.node}
                chosen={chosen.visit}
                now={now}
                spent={share && { ...share, currency: spending.currency }}
                onChoose={(visit) => setChosen({ node: chosen.node, visit })}
                onResume={
                  mayResume ? ({ node, iteration }) => setAgain({ from: { node, iteration } }) : undefined
                }
              />
            </>
          ) : (
            <WholeRun
              run={spending}
              state={whole}
              graph={graph}
              error={error}
              nameOf={nameOf}
              onShow={show}
              onResume={mayResume ? (visit) => setAgain({ from: visit ?? {} }) : undefined}
            />
          )}
        </aside>

        <section className="wf-below" aria-label={t('What happened')}>
          <header>
            <Segmented<Below>
              label={t('View')}
              value={below}
              onChange={setBelow}
              options={[
                { value: 'timeline', label: t('Timeline') },
                { value: 'events', label: t('Events') },
              ]}
            />
            {over && events.length > 1 && <Steps events={events} stepping={stepping} />}
          </header>
          <div>
            {below === 'events' ? (
              <div className="px-4 pb-4">{log}</div>
            ) : (
              <RunTimeline state={state} nameOf={nameOf} chosen={chosen?.visit} now={now} onChoose={show} />
            )}
          </div>
        </section>
      </div>

      {workflow.data && (
        <RunDialog
          open={again !== undefined}
          onClose={() => setAgain(undefined)}
          workflowId={workflowId}
          title={title}
          inputs={graphOf(published.data ?? workflow.data.graph).inputs}
          given={givenOf(run)}
          test={run.trigger === 'test'}
          from={
            again?.from && {
              runId: run.id,
              version,
              newest: workflow.data.version,
              node: graph && again.from.node ? nodeOf(graph, again.from.node) : undefined,
              iteration: again.from.iteration,
              mayChange: workflow.data.can_edit,
            }
          }
          onStarted={(started) => {
            setAgain(undefined);
            void navigate({ to: '/runs/$runId', params: { runId: started.id } });
          }}
        />
      )}
    </div>
  );
}

const NO_EDGES: readonly string[] = [];

/** Goes through an ended run event by event: the drawing and the list show how it stood then. */
function Steps({ events, stepping }: { events: readonly RunEvent[]; stepping: Stepping }) {
  const { until = events.length, playing } = stepping;
  const words = t('Event {{number}} of {{all}}', { number: until, all: events.length });
  return (
    <div className="flex min-w-0 flex-1 items-center gap-2">
      <IconButton
        label={playing ? t('Pause') : t('Watch it again')}
        small
        onClick={playing ? stepping.pause : stepping.play}
      >
        {playing ? <Pause size={16} /> : <Play size={16} />}
      </IconButton>
      <input
        type="range"
        className="min-w-0 flex-1 accent-accent"
        aria-label={t('Step through the run')}
        aria-valuetext={`${words}: ${events[until - 1]?.type ?? ''}`}
        min={1}
        max={events.length}
        value={until}
        onChange={(event) => stepping.show(Number(event.target.value))}
      />
      <span className="num flex-none text-text-3 text-xs" aria-hidden="true">
        {until}/{events.length}
      </span>
    </div>
  );
}
