/**
 * The page's side of the colouring worker: one worker, a memory of what it answered, and only the newest question of a
 * block that is still growing.
 */
import { resolveLanguage } from './names';
import type { Answer, Question } from './worker';

const REMEMBERED = 200;
/** Above this, colouring costs more than it helps. */
const MAX_LENGTH = 200_000;

const memory = new Map<string, string>();
const waiting = new Map<number, (markup: string | null) => void>();
let worker: Worker | undefined;
let count = 0;

function start(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'highlight' });
  worker.addEventListener('message', (event: MessageEvent<Answer>) => {
    waiting.get(event.data.id)?.(event.data.markup);
    waiting.delete(event.data.id);
  });
  worker.addEventListener('error', () => {
    for (const resolve of waiting.values()) resolve(null);
    waiting.clear();
    worker?.terminate();
    worker = undefined;
  });
  return worker;
}

const key = (code: string, language: string): string => `${language}\n${code}`;

/** The markup if it is known already. */
export function remembered(code: string, language: string): string | undefined {
  const resolved = resolveLanguage(language);
  return resolved ? memory.get(key(code, resolved)) : undefined;
}

/** The markup of `code`, or nothing for plain text; `keep` it unless the code is still growing. */
export function highlight(code: string, language: string, keep = true): Promise<string | null> {
  const resolved = resolveLanguage(language);
  if (!resolved || code.length > MAX_LENGTH || typeof Worker === 'undefined') return Promise.resolve(null);
  const known = memory.get(key(code, resolved));
  if (known !== undefined) return Promise.resolve(known);
  return new Promise((resolve) => {
    count += 1;
    const question: Question = { id: count, code, language: resolved };
    waiting.set(question.id, (markup) => {
      if (markup !== null && keep) {
        memory.set(key(code, resolved), markup);
        const oldest = memory.keys().next().value;
        if (memory.size > REMEMBERED && oldest !== undefined) memory.delete(oldest);
      }
      resolve(markup);
    });
    start().postMessage(question);
  });
}
