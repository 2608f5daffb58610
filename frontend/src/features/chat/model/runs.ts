/**
 * Follows the runs of the conversation on screen. A hidden tab lets go of its streams and resumes where it was, so
 * that many tabs never use up the browser's few connections.
 */
import { follow } from '@/api/run-stream';
import type { RunEvent } from '@/api/types';
import { batcher } from './batch';
import { applyEvents, setReconnecting, useChat } from './store';

interface Watch {
  close: () => void;
}

const watched = new Map<string, { conversationId: string; stream: Watch | null }>();

/** Told when a run has ended, to store its final message and to read what else the server decided. */
let onFinished: (conversationId: string, runId: string) => void = () => {};
export function whenRunFinishes(handler: typeof onFinished): void {
  onFinished = handler;
}

function open(runId: string, conversationId: string): Watch {
  const known = useChat.getState().runs[runId];
  const batch = batcher<RunEvent>((events) => {
    const view = applyEvents(runId, events);
    if (view.finished) {
      unwatch(runId);
      onFinished(conversationId, runId);
    }
  });
  const stream = follow<RunEvent>({
    path: `/api/runs/${runId}/events`,
    after: known?.seq ?? 0,
    onEvent: (event) => batch.push(event),
    isLast: (event) => event.type === 'run.finished',
    onState: (state, error) => {
      setReconnecting(runId, state === 'retrying');
      if (state === 'closed') {
        batch.flush();
        if (error) {
          unwatch(runId);
          onFinished(conversationId, runId);
        }
      }
    },
  });
  return {
    close: () => {
      batch.flush();
      stream.close();
      setReconnecting(runId, false);
    },
  };
}

export function watch(runId: string, conversationId: string): void {
  if (watched.has(runId) || useChat.getState().runs[runId]?.finished) return;
  watched.set(runId, { conversationId, stream: document.hidden ? null : open(runId, conversationId) });
}

export function unwatch(runId: string): void {
  const entry = watched.get(runId);
  watched.delete(runId);
  entry?.stream?.close();
}

/** Lets go of everything but this conversation's runs. */
export function watchOnly(conversationId: string | null): void {
  for (const [runId, entry] of watched) if (entry.conversationId !== conversationId) unwatch(runId);
}

let hiding: ReturnType<typeof setTimeout> | undefined;

if (typeof document !== 'undefined') {
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.hidden) {
      hiding = setTimeout(() => {
        for (const entry of watched.values()) {
          entry.stream?.close();
          entry.stream = null;
        }
      }, 5000);
      return;
    }
    for (const [runId, entry] of watched) entry.stream ??= open(runId, entry.conversationId);
  });
}
