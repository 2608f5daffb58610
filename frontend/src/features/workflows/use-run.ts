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

/** How often a step of a replay is shown, in milliseconds. */
const STEP = 350;

export interface Stepping {
  /** How many events are shown; all of them without it. */
  until: number | undefined;
  playing: boolean;
  show: (until: number | undefined) => void;
  play: () => void;
  pause: () => void;
}

/** Goes through the events of a run once more, one after the other or by hand. */
export function useStepping(length: number): Stepping {
  const [until, setUntil] = useState<number>();
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => setUntil((last) => Math.min((last ?? 0) + 1, length)), STEP);
    return () => clearInterval(timer);
  }, [playing, length]);
  useEffect(() => {
    if (until !== undefined && until >= length) {
      setPlaying(false);
      setUntil(undefined);
    }
  }, [until, length]);
  return {
    until,
    playing,
    show: (next) => {
      setPlaying(false);
      setUntil(next);
    },
    play: () => {
      setUntil((last) => last ?? 1);
      setPlaying(true);
    },
    pause: () => setPlaying(false),
  };
}

/** A run as it stood after some of its events; nothing where all of them count. */
export function useStateAt(events: readonly RunEvent[], until: number | undefined): RunState | undefined {
  return useMemo(
    () => (until === undefined ? undefined : folded(NOTHING_YET, events.slice(0, until))),
    [events, until],
  );
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
