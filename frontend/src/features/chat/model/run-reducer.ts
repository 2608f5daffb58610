/**
 * What a run looks like so far, from its events. Pure and idempotent: an event that was already applied (by `seq`)
 * changes nothing, so a replay after a reconnect or a reload is harmless.
 */
import {
  type ArtifactType,
  type CompletedMessage,
  completedMessage,
  type GuardFinding,
  type HumanTask,
  type Message,
  type MessageStatus,
  type ProblemView,
  type RunEvent,
  type RunStatus,
  type ToolCall,
} from '@/api/types';

export interface LiveArtifact {
  artifact_id: string;
  identifier: string;
  version: number;
  artifact_type: ArtifactType;
  title: string;
  language?: string | null;
  text: string;
  done: boolean;
}

export interface RunUsage {
  model: string;
  provider: string;
  input: number;
  output: number;
  cached: number;
  cost: number;
  currency: string;
}

export interface Handoff {
  from_agent_id: string;
  to_agent_id: string;
  reason: string;
}

export interface RunView {
  runId: string;
  seq: number;
  status: RunStatus;
  /** A word on the status, such as "the model was replaced by the default". */
  notices: string[];
  conversationId: string | null;
  messageId: string | null;
  agentId: string | null;
  routing: { agentId: string; reason: string; weighed: boolean; fallback: boolean } | null;
  handoffs: Handoff[];
  text: string;
  thinking: string;
  toolCalls: ToolCall[];
  /** What guards found in the answer. */
  findings: GuardFinding[];
  artifacts: LiveArtifact[];
  /** The step at work right now. */
  step: { id: string; kind: string; name: string } | null;
  usage: RunUsage | null;
  completed: CompletedMessage | null;
  error: ProblemView | null;
  finished: boolean;
}

export function emptyRun(runId: string): RunView {
  return {
    runId,
    seq: 0,
    status: 'pending',
    notices: [],
    conversationId: null,
    messageId: null,
    agentId: null,
    routing: null,
    handoffs: [],
    text: '',
    thinking: '',
    toolCalls: [],
    findings: [],
    artifacts: [],
    step: null,
    usage: null,
    completed: null,
    error: null,
    finished: false,
  };
}

function changeCall(calls: ToolCall[], id: string | null | undefined, change: Partial<ToolCall>): ToolCall[] {
  return calls.map((call) => (call.call_id === id ? { ...call, ...change } : call));
}

function approval(view: RunView, task: HumanTask): RunView {
  const decided = task.status === 'decided';
  const status = decided ? (task.decision === 'deny' ? 'denied' : 'running') : 'waiting';
  return { ...view, toolCalls: changeCall(view.toolCalls, task.call_id, { human_task: task, status }) };
}

function apply(view: RunView, event: RunEvent): RunView {
  switch (event.type) {
    case 'run.started':
      return {
        ...view,
        status: 'running',
        conversationId: event.conversation_id ?? view.conversationId,
        messageId: event.message_id ?? view.messageId,
        agentId: event.agent_id ?? view.agentId,
      };
    case 'run.status':
      return {
        ...view,
        status: event.status,
        notices:
          // That it waits is said by the question itself.
          event.reason && event.status !== 'waiting' && !view.notices.includes(event.reason)
            ? [...view.notices, event.reason]
            : view.notices,
      };
    case 'routing.decided':
      return {
        ...view,
        agentId: event.agent_id,
        routing: {
          agentId: event.agent_id,
          reason: event.reason,
          // Whoever was named, or answers here anyway, was not chosen among others.
          weighed: event.candidates.length > 0,
          fallback: event.fallback,
        },
      };
    case 'agent.handoff':
      return {
        ...view,
        agentId: event.to_agent_id,
        handoffs: [
          ...view.handoffs,
          { from_agent_id: event.from_agent_id, to_agent_id: event.to_agent_id, reason: event.reason },
        ],
      };
    case 'step.started':
      return { ...view, step: { id: event.step_id, kind: event.kind, name: event.name } };
    case 'step.finished':
      return view.step?.id === event.step_id ? { ...view, step: null } : view;
    case 'message.delta':
      return { ...view, messageId: view.messageId ?? event.message_id, text: view.text + event.text };
    case 'thinking.delta':
      return { ...view, messageId: view.messageId ?? event.message_id, thinking: view.thinking + event.text };
    case 'message.guarded':
      return { ...view, findings: event.findings };
    case 'message.completed': {
      const completed = completedMessage(event.message);
      return {
        ...view,
        messageId: completed.id,
        completed,
        text: completed.content,
        thinking: completed.thinking ?? view.thinking,
      };
    }
    case 'tool.called': {
      if (view.toolCalls.some((call) => call.call_id === event.call_id)) return view;
      const call: ToolCall = {
        call_id: event.call_id,
        tool: event.tool,
        server: event.server ?? null,
        connector_id: event.connector_id ?? null,
        arguments: event.arguments,
        text_offset: view.text.length,
        status: 'called',
      };
      return { ...view, toolCalls: [...view.toolCalls, call] };
    }
    case 'tool.decided': {
      const status = event.effect === 'allow' ? 'running' : event.effect === 'deny' ? 'denied' : 'waiting';
      return {
        ...view,
        toolCalls: changeCall(view.toolCalls, event.call_id, {
          effect: event.effect,
          rule_id: event.rule_id ?? null,
          reason: event.reason ?? null,
          status,
        }),
      };
    }
    case 'tool.delegated':
      return {
        ...view,
        toolCalls: changeCall(view.toolCalls, event.call_id, {
          status: 'running',
          child_run_id: event.child_run_id,
        }),
      };
    case 'tool.result': {
      const call = view.toolCalls.find((candidate) => candidate.call_id === event.call_id);
      const denied = call?.status === 'denied';
      return {
        ...view,
        toolCalls: changeCall(view.toolCalls, event.call_id, {
          ok: event.ok,
          content: event.content,
          duration_ms: event.duration_ms,
          cached: event.cached,
          attempts: event.attempts,
          ledger: event.ledger ?? null,
          data_classification: event.data_classification ?? null,
          findings: event.findings ?? [],
          status: denied ? 'denied' : event.ok ? 'succeeded' : 'failed',
        }),
      };
    }
    case 'approval.requested':
    case 'approval.decided':
      return approval(view, event.human_task);
    case 'artifact.started': {
      if (view.artifacts.some((artifact) => artifact.artifact_id === event.artifact_id)) return view;
      const artifact: LiveArtifact = {
        artifact_id: event.artifact_id,
        identifier: event.identifier,
        version: event.version,
        artifact_type: event.artifact_type,
        title: event.title,
        language: event.language,
        text: '',
        done: false,
      };
      return { ...view, artifacts: [...view.artifacts, artifact] };
    }
    case 'artifact.delta':
      return {
        ...view,
        artifacts: view.artifacts.map((artifact) =>
          artifact.artifact_id === event.artifact_id
            ? { ...artifact, text: artifact.text + event.text }
            : artifact,
        ),
      };
    case 'artifact.completed': {
      const known = view.artifacts.find((artifact) => artifact.artifact_id === event.artifact_id);
      const artifact: LiveArtifact = {
        artifact_id: event.artifact_id,
        identifier: event.identifier,
        version: event.version,
        artifact_type: event.artifact_type,
        title: event.title,
        language: event.language,
        text: event.text ?? known?.text ?? '',
        done: true,
      };
      return {
        ...view,
        artifacts: known
          ? view.artifacts.map((candidate) => (candidate === known ? artifact : candidate))
          : [...view.artifacts, artifact],
      };
    }
    case 'usage': {
      const before = view.usage;
      return {
        ...view,
        usage: {
          model: event.model,
          provider: event.provider,
          input: (before?.input ?? 0) + event.input_tokens,
          output: (before?.output ?? 0) + event.output_tokens,
          cached: (before?.cached ?? 0) + event.cached_tokens,
          cost: (before?.cost ?? 0) + Number(event.cost),
          currency: event.currency,
        },
      };
    }
    case 'run.finished':
      return { ...view, status: event.status, error: event.error ?? null, step: null, finished: true };
    default:
      return view;
  }
}

/** The view after these events; those at or before `view.seq` are skipped. */
export function reduceRun(view: RunView, events: readonly RunEvent[]): RunView {
  let next = view;
  for (const event of events) {
    if (event.seq <= next.seq) continue;
    next = { ...apply(next, event), seq: event.seq };
  }
  return next;
}

const messageStatus: Record<RunStatus, MessageStatus> = {
  pending: 'streaming',
  running: 'streaming',
  waiting: 'waiting',
  succeeded: 'complete',
  failed: 'failed',
  timed_out: 'failed',
  denied: 'failed',
  cancelled: 'cancelled',
  interrupted: 'interrupted',
};

/** A message as it stands now: what the server stored, overtaken by what its run said since. */
export function withRun(message: Message, run: RunView | undefined): Message {
  if (!run || run.seq === 0) return message;
  const settled = message.status !== 'streaming' && message.status !== 'waiting';
  if (settled && run.finished) return message;
  if (run.completed && run.finished) {
    const { completed } = run;
    return {
      ...message,
      ...completed,
      tool_calls: completed.tool_calls ?? run.toolCalls,
      artifacts: completed.artifacts ?? mergeArtifacts(message, run),
      sibling_ids: message.sibling_ids,
      error: completed.error ?? run.error,
    };
  }
  if (settled && message.content.length >= run.text.length) return message;
  return {
    ...message,
    content:
      run.text.length >= message.content.length || run.finished
        ? run.text || message.content
        : message.content,
    thinking: run.thinking || message.thinking,
    tool_calls: run.toolCalls.length > 0 ? run.toolCalls : message.tool_calls,
    metadata: run.findings.length > 0 ? { ...message.metadata, findings: run.findings } : message.metadata,
    status: messageStatus[run.status],
    error: run.error ?? message.error,
    agent_id: run.agentId ?? message.agent_id,
    model: run.usage?.model ?? message.model,
    tokens: run.usage
      ? { input: run.usage.input, output: run.usage.output, cached: run.usage.cached }
      : message.tokens,
    artifacts: mergeArtifacts(message, run),
  };
}

function mergeArtifacts(message: Message, run: RunView): Message['artifacts'] {
  const known = new Set(run.artifacts.map((artifact) => artifact.artifact_id));
  return [
    ...message.artifacts.filter((artifact) => !known.has(artifact.artifact_id)),
    ...run.artifacts.map(({ text: _text, done: _done, ...artifact }) => artifact),
  ];
}
