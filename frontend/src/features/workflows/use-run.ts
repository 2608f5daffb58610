/** A run of a workflow as it stands, live. The component that uses it is keyed by the run. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { RunEvent } from '@/api/types';
import { useRunEvents } from '@/api/use-run-events';
import { folded, NOTHING_YET, type RunState } from './model/run-state';

/** Reads only what is new among the events. */
export function useRunState(events: readonly RunEvent[]): RunState {
  const last = useRef(NOTHING_YET);
  return useMemo(() => {
    last.current = folded(events.length === 0 ? NOTHING_YET : last.current, events);
    return last.current;
  }, [events]);
}

export function useRun(runId: string): { state: RunState; live: boolean; error?: unknown } {
  const { events, live, error } = useRunEvents(runId);
  return { state: useRunState(events), live, error };
}

/** The present moment, again every second while something runs. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
