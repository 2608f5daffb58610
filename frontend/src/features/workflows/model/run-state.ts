/**
 * How the nodes of a workflow's run stand, out of its events: pure, in any number of portions, and an event that comes
 * twice changes nothing.
 */
import type { HumanTask, RunEvent, RunStatus } from '@/api/types';
import type { Graph } from './graph';

export type NodeStatus = 'running' | 'waiting' | 'retrying' | 'done' | 'failed' | 'skipped' | 'stopped';

type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;
export type RunError = NonNullable<EventOf<'node.finished'>['error']>;
export type WaitReason = EventOf<'node.waiting'>['reason'];

/** An attempt that failed before the last one. */
export interface Failure {
  attempt: number;
  error: RunError;
}

/** One time that a node had its turn: a round of a loop, an item of a map, or another try after the work went back. */
export interface Visit {
  /** Its place in the run, from 0. */
  index: number;
  node: string;
  iteration: readonly number[];
  status: NodeStatus;
  attempt: number;
  startedAt?: string;
  endedAt?: string;
  durationMs?: number;
  input?: unknown;
  output?: unknown;
  error?: RunError;
  failures: readonly Failure[];
  port?: string;
  edges: readonly string[];
  backTo?: string;
  callId?: string;
  reason?: WaitReason;
  until?: string;
  event?: string;
  taskId?: string;
}

/** What a node asked of a tool, an agent or a model. */
export interface Call {
  id: string;
  tool: string;
  server?: string;
  arguments?: unknown;
  effect?: string;
  decidedWhy?: string;
  child?: string;
  ok?: boolean;
  content?: unknown;
  durationMs?: number;
}

export interface RunState {
  /** The last event that is in it. */
  seq: number;
  status: RunStatus;
  startedAt?: string;
  endedAt?: string;
  output?: unknown;
  error?: RunError;
  visits: readonly Visit[];
  /** The places of a node's visits, oldest first. */
  byNode: ReadonlyMap<string, readonly number[]>;
  calls: ReadonlyMap<string, Call>;
  /** The questions, answered ones too. */
  tasks: ReadonlyMap<string, HumanTask>;
}

export const NOTHING_YET: RunState = {
  seq: 0,
  status: 'pending',
  visits: [],
  byNode: new Map(),
  calls: new Map(),
  tasks: new Map(),
};

export function isOver(status: RunStatus): boolean {
  return !['pending', 'running', 'waiting'].includes(status);
}

export function isUnderWay(status: NodeStatus): boolean {
  return status === 'running' || status === 'waiting' || status === 'retrying';
}

/** A copy that may be written to while a portion of events is read. */
interface Draft extends RunState {
  visits: Visit[];
  byNode: Map<string, readonly number[]>;
  calls: Map<string, Call>;
  tasks: Map<string, HumanTask>;
}

type Placed = { node_id: string; iteration?: number[]; at: string };

const same = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((round, at) => round === other[at]);

/** The newest visit of a node in a round. */
function latest(draft: Draft, { node_id, iteration = [] }: Placed): Visit | undefined {
  const places = draft.byNode.get(node_id) ?? [];
  for (let at = places.length - 1; at >= 0; at -= 1) {
    const visit = draft.visits[places[at] ?? -1];
    if (visit && same(visit.iteration, iteration)) return visit;
  }
  return undefined;
}

function begun(draft: Draft, event: Placed, status: NodeStatus): Visit {
  const visit: Visit = {
    index: draft.visits.length,
    node: event.node_id,
    iteration: event.iteration ?? [],
    status,
    attempt: 1,
    failures: [],
    edges: [],
  };
  draft.visits.push(visit);
  draft.byNode.set(event.node_id, [...(draft.byNode.get(event.node_id) ?? []), visit.index]);
  return visit;
}

/** Writes into the newest visit of a round, or into a first one where its beginning was not told. */
function change(draft: Draft, event: Placed, fields: Partial<Visit>): void {
  const visit = latest(draft, event) ?? begun(draft, event, 'running');
  draft.visits[visit.index] = { ...visit, ...fields };
}

/** Without what a visit waited for: that is over once it goes on. */
const GOES_ON: Partial<Visit> = { reason: undefined, until: undefined, event: undefined };

function apply(draft: Draft, event: RunEvent): void {
  switch (event.type) {
    case 'run.started':
      draft.startedAt = event.at;
      break;
    case 'run.status':
      draft.status = event.status;
      break;
    case 'node.started': {
      const before = latest(draft, event);
      const again = before?.status === 'retrying';
      const visit = again ? before : begun(draft, event, 'running');
      draft.visits[visit.index] = {
        ...visit,
        ...GOES_ON,
        status: 'running',
        attempt: event.attempt,
        startedAt: visit.startedAt ?? event.at,
        callId: event.call_id ?? undefined,
        input: event.input,
      };
      break;
    }
    case 'node.waiting':
      change(draft, event, {
        status: 'waiting',
        reason: event.reason,
        until: event.until ?? undefined,
        event: event.event ?? undefined,
        taskId: event.human_task_id ?? undefined,
      });
      break;
    case 'node.finished': {
      const visit = latest(draft, event) ?? begun(draft, event, 'running');
      const { error, retry_at: again } = event;
      draft.visits[visit.index] = {
        ...visit,
        ...GOES_ON,
        status: again ? 'retrying' : error ? 'failed' : 'done',
        attempt: event.attempt,
        failures: error && again ? [...visit.failures, { attempt: event.attempt, error }] : visit.failures,
        error: again ? undefined : (error ?? undefined),
        until: again ?? undefined,
        endedAt: again ? undefined : event.at,
        output: event.output,
        port: event.port ?? undefined,
        edges: event.edges ?? [],
        backTo: event.back_to ?? undefined,
        callId: event.call_id ?? visit.callId,
        durationMs: event.duration_ms ?? undefined,
      };
      break;
    }
    case 'node.skipped': {
      const visit = begun(draft, event, 'skipped');
      draft.visits[visit.index] = { ...visit, edges: event.edges ?? [] };
      break;
    }
    case 'tool.called':
      draft.calls.set(event.call_id, {
        ...draft.calls.get(event.call_id),
        id: event.call_id,
        tool: event.tool,
        arguments: event.arguments,
        server: event.server ?? undefined,
      });
      break;
    case 'tool.decided':
      known(draft, event.call_id, { effect: event.effect, decidedWhy: event.reason ?? undefined });
      break;
    case 'tool.delegated':
      known(draft, event.call_id, { child: event.child_run_id });
      break;
    case 'tool.result':
      known(draft, event.call_id, { ok: event.ok, content: event.content, durationMs: event.duration_ms });
      break;
    case 'approval.requested':
    case 'approval.decided':
      draft.tasks.set(event.human_task.id, event.human_task);
      break;
    case 'approval.told': {
      const task = draft.tasks.get(event.human_task_id);
      if (task) draft.tasks.set(task.id, { ...task, notices: event.notices });
      break;
    }
    case 'run.finished':
      draft.status = event.status;
      draft.endedAt = event.at;
      if (event.output !== undefined) draft.output = event.output;
      if (event.error) draft.error = event.error;
      // Nothing goes on after the end, whatever had not told its own.
      for (const [index, visit] of draft.visits.entries()) {
        if (isUnderWay(visit.status)) {
          draft.visits[index] = { ...visit, ...GOES_ON, status: 'stopped', endedAt: event.at };
        }
      }
      break;
  }
}

function known(draft: Draft, id: string, fields: Partial<Call>): void {
  const call = draft.calls.get(id) ?? { id, tool: '' };
  draft.calls.set(id, { ...call, ...fields });
}

/** The state with what is new among the events, which are in order. */
export function folded(state: RunState, events: readonly RunEvent[]): RunState {
  let first = events.length;
  while (first > 0 && (events[first - 1]?.seq ?? 0) > state.seq) first -= 1;
  if (first === events.length) return state;
  const draft: Draft = {
    ...state,
    visits: [...state.visits],
    byNode: new Map(state.byNode),
    calls: new Map(state.calls),
    tasks: new Map(state.tasks),
  };
  for (const event of events.slice(first)) {
    apply(draft, event);
    draft.seq = event.seq;
  }
  return draft;
}

/** Whether two places may belong to the same round: one of them is inside the other, or they are the same. */
function together(one: readonly number[], other: readonly number[]): boolean {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

/** How a node is marked in the drawing. */
export interface Mark {
  status: NodeStatus;
  /** The visit that the mark tells of. */
  visit: number;
  visits: number;
}

export interface Marks {
  nodes: ReadonlyMap<string, Mark>;
  /** Edges that were followed. */
  taken: ReadonlySet<string>;
  over: boolean;
}

/** What the drawing shows: the newest of each node, or how everything was in one round. */
export function marksOf(state: RunState, graph: Pick<Graph, 'edges'>, round: readonly number[] = []): Marks {
  const nodes = new Map<string, Mark>();
  const taken = new Set<string>();
  for (const visit of state.visits) {
    if (!together(visit.iteration, round)) continue;
    for (const edge of visit.edges) taken.add(edge);
    const visits = (nodes.get(visit.node)?.visits ?? 0) + 1;
    nodes.set(visit.node, { status: visit.status, visit: visit.index, visits });
  }
  // Into its body a loop goes without saying so.
  for (const { id, port, to } of graph.edges) {
    const status = port === 'loop' ? nodes.get(to)?.status : undefined;
    if (status && status !== 'skipped') taken.add(id);
  }
  return { nodes, taken, over: isOver(state.status) };
}

/** All turns that a node had. */
export function visitsOf(state: RunState, node: string): Visit[] {
  return (state.byNode.get(node) ?? []).flatMap((index) => state.visits[index] ?? []);
}

/** The visit whose failure ended the run: the last one that failed without a way on. */
export function culprit(state: RunState): Visit | undefined {
  if (state.status === 'succeeded') return undefined;
  return state.visits.findLast((visit) => visit.status === 'failed' && visit.port === undefined);
}

/** Whether a question still waits for an answer: one whose time ran out is left behind by its node, without a word. */
export function isOpen(state: RunState, task: HumanTask): boolean {
  if (task.status !== 'pending' || isOver(state.status)) return false;
  if (task.call_id && task.kind === 'tool_approval') return state.calls.get(task.call_id)?.ok === undefined;
  const visit = state.visits.findLast(({ taskId }) => taskId === task.id);
  return visit === undefined || visit.status === 'waiting';
}

/** The questions that still wait for an answer. */
export function openTasks(state: RunState): HumanTask[] {
  return [...state.tasks.values()].filter((task) => isOpen(state, task));
}

/** How long a visit took, or has taken so far. */
export function tookMs(visit: Visit, now: number): number | undefined {
  if (visit.durationMs !== undefined && visit.failures.length === 0) return visit.durationMs;
  if (!visit.startedAt) return undefined;
  const end = visit.endedAt ? Date.parse(visit.endedAt) : now;
  return Math.max(0, end - Date.parse(visit.startedAt));
}
