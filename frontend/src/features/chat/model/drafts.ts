/** What was typed and attached, per conversation and for the new chat, kept over reloads. */
import type { FileRef } from '@/api/types';

export interface Draft {
  text: string;
  files: FileRef[];
}

const PREFIX = 'conductor.draft.';

function read<T>(key: string): Partial<T> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<T>;
  } catch {
    return {};
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or refused: the draft then lives as long as the page.
  }
}

export function loadDraft(conversation: string): Draft {
  const { text = '', files = [] } = read<Draft>(PREFIX + conversation);
  return { text, files };
}

export function saveDraft(conversation: string, draft: Draft): void {
  if (draft.text === '' && draft.files.length === 0) localStorage.removeItem(PREFIX + conversation);
  else write(PREFIX + conversation, draft);
}
