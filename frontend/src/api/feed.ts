/**
 * The caller's own feed, once per browser: the tab that holds the lock keeps the stream, the others hear it over a
 * broadcast channel. When the holder closes, the next in line takes over.
 */
import { follow } from './run-stream';
import type { FeedEvent } from './types';

export type FeedState = 'open' | 'retrying';

type Line = { event: FeedEvent } | { state: FeedState } | { ask: true };

export function startFeed(
  onEvent: (event: FeedEvent) => void,
  onState: (state: FeedState) => void,
): () => void {
  const channel = new BroadcastChannel('conductor-feed');
  const closer = new AbortController();
  let holding = false;
  let state: FeedState = 'open';
  const say = (line: Line) => {
    if (!closer.signal.aborted) channel.postMessage(line);
  };

  channel.onmessage = ({ data }: MessageEvent<Line>) => {
    if ('event' in data) onEvent(data.event);
    else if ('state' in data) onState(data.state);
    else if (holding) say({ state });
  };

  const hold = () =>
    new Promise<void>((release) => {
      if (closer.signal.aborted) return release();
      holding = true;
      const stream = follow<FeedEvent>({
        path: '/api/events',
        onEvent: (event) => {
          say({ event });
          onEvent(event);
        },
        onState: (next, error) => {
          if (next === 'closed') {
            // Refused for good (signed out): let another tab find out for itself.
            if (error) release();
            return;
          }
          state = next;
          say({ state });
          onState(next);
        },
      });
      closer.signal.addEventListener('abort', () => {
        stream.close();
        release();
      });
    });

  say({ ask: true });
  if (navigator.locks) {
    navigator.locks.request('conductor-feed', { signal: closer.signal }, hold).catch((error: unknown) => {
      if (!closer.signal.aborted) throw error;
    });
  } else void hold();

  return () => {
    closer.abort();
    channel.close();
  };
}
