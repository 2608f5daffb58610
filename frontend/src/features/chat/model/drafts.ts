/** What was typed and attached, per conversation and for the new chat, kept over reloads. */
import type { ConversationSettings, FileRef } from '@/api/types';

export interface Draft {
  text: string;
  files: FileRef[];
}

/** The agent, model and settings chosen for a chat that does not exist yet. */
export interface NewChatChoice {
  agentId: string | null;
  model: string | null;
  settings: ConversationSettings;
}

const PREFIX = 'conductor.draft.';
const CHOICE = 'conductor.new-chat';

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

export function loadChoice(): NewChatChoice {
  const { agentId = null, model = null, settings = {} } = read<NewChatChoice>(CHOICE);
  return { agentId, model, settings };
}

export function saveChoice(choice: NewChatChoice): void {
  write(CHOICE, choice);
}
