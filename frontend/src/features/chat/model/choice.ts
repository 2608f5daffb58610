/** The agent, model and settings chosen for the chat that does not exist yet; kept over reloads. */
import { create } from 'zustand';
import type { ConversationSettings } from '@/api/types';

export interface NewChatChoice {
  agentId: string | null;
  model: string | null;
  settings: ConversationSettings;
}

const KEY = 'conductor.new-chat';
const nothing: NewChatChoice = { agentId: null, model: null, settings: {} };

function stored(): NewChatChoice {
  try {
    return { ...nothing, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<NewChatChoice>) };
  } catch {
    return nothing;
  }
}

export const useChoice = create<NewChatChoice>(stored);

export function choose(change: Partial<NewChatChoice>): void {
  useChoice.setState(change);
  try {
    localStorage.setItem(KEY, JSON.stringify(useChoice.getState()));
  } catch {
    // Storage is refused: the choice lives as long as the page.
  }
}
