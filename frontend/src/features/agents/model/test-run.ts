/** A test run as it happens: the events of its stream folded into what the page shows. */
import {
  type ContentBlock,
  completedMessage,
  contentBlocks,
  type ProblemView,
  type RunEvent,
  type RunStatus,
} from '@/api/types';

/** One tool call of the run. */
export interface TestCall {
  id: string;
  tool: string;
  server?: string | undefined;
  arguments: unknown;
  status: 'called' | 'waiting' | 'done' | 'failed' | 'denied';
  content?: ContentBlock[];
  reason?: string | undefined;
  durationMs?: number;
}

/** What is known of the run so far. */
export interface TestRun {
  status: RunStatus;
  text: string;
  thinking: string;
  calls: TestCall[];
  tokens?: { input: number; output: number };
  error?: ProblemView;
  seq: number;
}

export const NEW_RUN: TestRun = { status: 'pending', text: '', thinking: '', calls: [], seq: 0 };

/** The next state; an event that was seen already changes nothing. */
export function fold(run: TestRun, event: RunEvent): TestRun {
  if (event.seq <= run.seq) return run;
  return { ...step(run, event), seq: event.seq };
}

function change(run: TestRun, id: string, patch: Partial<TestCall>): TestRun {
  return { ...run, calls: run.calls.map((call) => (call.id === id ? { ...call, ...patch } : call)) };
}

function step(run: TestRun, event: RunEvent): TestRun {
  switch (event.type) {
    case 'run.started':
      return { ...run, status: 'running' };
    case 'run.status':
      return { ...run, status: event.status };
    case 'message.delta':
      return { ...run, text: run.text + event.text };
    case 'thinking.delta':
      return { ...run, thinking: run.thinking + event.text };
    case 'message.completed':
      return { ...run, text: completedMessage(event.message).content };
    case 'tool.called': {
      const { call_id, tool, server } = event;
      return {
        ...run,
        calls: [
          ...run.calls,
          { id: call_id, tool, server: server ?? undefined, arguments: event.arguments, status: 'called' },
        ],
      };
    }
    case 'tool.decided':
      if (event.effect === 'allow') return run;
      return change(run, event.call_id, {
        status: event.effect === 'deny' ? 'denied' : 'waiting',
        reason: event.reason ?? undefined,
      });
    case 'tool.result': {
      const denied = run.calls.find((call) => call.id === event.call_id)?.status === 'denied';
      return change(run, event.call_id, {
        status: event.ok ? 'done' : denied ? 'denied' : 'failed',
        content: contentBlocks(event.content),
        durationMs: event.duration_ms,
      });
    }
    case 'usage': {
      const { input = 0, output = 0 } = run.tokens ?? {};
      return { ...run, tokens: { input: input + event.input_tokens, output: output + event.output_tokens } };
    }
    case 'run.finished':
      return { ...run, status: event.status, ...(event.error ? { error: event.error } : {}) };
    default:
      return run;
  }
}

/** Whether nothing follows. */
export function isFinished(run: TestRun): boolean {
  return ['succeeded', 'failed', 'cancelled', 'timed_out', 'denied', 'interrupted'].includes(run.status);
}
