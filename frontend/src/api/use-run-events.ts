/** The events of a run as they are written, live while it goes on. The component that uses it is keyed by the run. */
import { useEffect, useState } from 'react';
import { queryClient } from './queries';
import { follow } from './run-stream';
import type { RunEvent } from './types';

/** How long events are gathered before they are drawn. */
const GATHER_MS = 80;

export interface RunEvents {
  events: readonly RunEvent[];
  /** Whether more may come. */
  live: boolean;
  /** Why no more come, where the stream was refused. */
  error?: unknown;
}

export function useRunEvents(runId: string): RunEvents {
  const [events, setEvents] = useState<RunEvent[]>([]);
  const [ended, setEnded] = useState<{ error?: unknown }>();
  useEffect(() => {
    setEvents([]);
    setEnded(undefined);
    let waiting: RunEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      const now = waiting;
      waiting = [];
      setEvents((old) => {
        const last = old.at(-1)?.seq ?? 0;
        return [...old, ...now.filter((event) => event.seq > last)];
      });
    };
    const stream = follow<RunEvent>({
      path: `/api/runs/${runId}/events`,
      after: 0,
      onEvent: (event) => {
        waiting.push(event);
        timer ??= setTimeout(flush, GATHER_MS);
      },
      isLast: (event) => event.type === 'run.finished',
      onState: (state, error) => {
        if (state !== 'closed') return;
        setEnded({ error });
        void queryClient.invalidateQueries({ queryKey: ['runs', runId] });
      },
    });
    return () => {
      stream.close();
      clearTimeout(timer);
    };
  }, [runId]);
  return { events, live: ended === undefined, error: ended?.error };
}
