/** Whether the server can be reached, as the browser and the feed tell it. */
import { create } from 'zustand';

interface Connection {
  browserOnline: boolean;
  feed: 'open' | 'retrying';
}

export const useConnection = create<Connection>(() => ({
  browserOnline: typeof navigator === 'undefined' || navigator.onLine !== false,
  feed: 'open',
}));

const back = new Set<() => void>();

/** Runs the handler each time the connection has come back. */
export function whenBack(handler: () => void): () => void {
  back.add(handler);
  return () => back.delete(handler);
}

function set(change: Partial<Connection>): void {
  const before = isOnline();
  useConnection.setState(change);
  if (!before && isOnline()) for (const handler of back) handler();
}

export function isOnline(): boolean {
  const { browserOnline, feed } = useConnection.getState();
  return browserOnline && feed === 'open';
}

export function setFeed(feed: Connection['feed']): void {
  set({ feed });
}

if (typeof window !== 'undefined') {
  window.addEventListener('online', () => set({ browserOnline: true }));
  window.addEventListener('offline', () => set({ browserOnline: false }));
}
