/** Undo and redo: every state that was, the one that is, and those that were taken back. */

export interface History<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** What the last change was about: a second one about the same joins it, so that a word typed is one step back. */
  tag: string | undefined;
}

const LIMIT = 200;

export function historyOf<T>(present: T): History<T> {
  return { past: [], present, future: [], tag: undefined };
}

export function changed<T>(history: History<T>, next: T, tag?: string): History<T> {
  if (next === history.present) return history;
  if (tag !== undefined && tag === history.tag) return { ...history, present: next, future: [] };
  return { past: [...history.past, history.present].slice(-LIMIT), present: next, future: [], tag };
}

export function undone<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: before,
    future: [history.present, ...history.future],
    tag: undefined,
  };
}

export function redone<T>(history: History<T>): History<T> {
  const [next, ...rest] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future: rest, tag: undefined };
}
