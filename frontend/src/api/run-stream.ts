/**
 * A server-sent stream that survives: it reconnects with back-off, resumes after the last event seen, and treats a
 * silent connection as a broken one.
 */
import { createParser } from 'eventsource-parser';
import { raw } from './client';
import { Problem } from './problem';

export interface StreamOptions<T> {
  path: string;
  /** The last event already known; the stream goes on behind it. */
  after?: string | number;
  onEvent: (event: T, id: string | undefined) => void;
  /** True ends the stream for good after this event. */
  isLast?: (event: T) => boolean;
  onState?: (state: 'open' | 'retrying' | 'closed', error?: unknown) => void;
  /** Heartbeats come every 15 s; twice that and a bit is dead. */
  silenceMs?: number;
  /** Handed in by tests. */
  connect?: (path: string, headers: Record<string, string>, signal: AbortSignal) => Promise<Response>;
  delay?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener('online', done);
    signal.addEventListener('abort', done);
  });

const openConnection = (
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> => raw('GET', path, { headers, signal });

/** Back-off with jitter: 0.5 s, 1 s, 2 s … 15 s. */
export function backOff(attempt: number, random = Math.random()): number {
  return Math.min(15_000, 500 * 2 ** Math.min(attempt, 5)) * (0.75 + random * 0.5);
}

/** Follows the stream until it ends or `close` is called. */
export function follow<T>(options: StreamOptions<T>): { close: () => void } {
  const { path, onEvent, isLast, onState, silenceMs = 35_000 } = options;
  const connect = options.connect ?? openConnection;
  const delay = options.delay ?? wait;
  const closer = new AbortController();
  let last = options.after === undefined ? undefined : String(options.after);
  let finished = false;

  async function once(): Promise<boolean> {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    closer.signal.addEventListener('abort', stop);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(stop, silenceMs);
    };
    let some = false;
    try {
      heard();
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (last !== undefined) headers['Last-Event-ID'] = last;
      const response = await connect(path, headers, attempt.signal);
      if (!response.body) throw new TypeError('The stream has no body.');
      onState?.('open');
      const parser = createParser({
        onEvent: (message) => {
          if (finished || !message.data) return;
          const event = JSON.parse(message.data) as T;
          if (message.id) last = message.id;
          some = true;
          onEvent(event, message.id);
          if (isLast?.(event)) finished = true;
        },
      });
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        heard();
        parser.feed(decoder.decode(value, { stream: true }));
        if (finished) {
          await reader.cancel();
          break;
        }
      }
    } finally {
      clearTimeout(timer);
      closer.signal.removeEventListener('abort', stop);
    }
    return some;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!finished && !closer.signal.aborted) {
      try {
        failures = (await once()) ? 0 : failures + 1;
      } catch (error) {
        if (closer.signal.aborted) break;
        const hopeless =
          error instanceof Problem && error.status < 500 && error.status !== 429 && error.status !== 408;
        if (hopeless) {
          onState?.('closed', error);
          return;
        }
        failures += 1;
        onState?.('retrying', error);
      }
      if (finished || closer.signal.aborted) break;
      await delay(backOff(Math.max(0, failures - 1)), closer.signal);
    }
    onState?.('closed');
  }

  void run();
  return { close: () => closer.abort() };
}
