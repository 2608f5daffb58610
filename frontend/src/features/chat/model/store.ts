/** What the page knows of conversations and runs. Outside React, because streams write here many times a second. */
import { create } from 'zustand';
import type { FileRef, RunEvent } from '@/api/types';
import { emptyRun, type RunView, reduceRun } from './run-reducer';
import type { Nodes } from './tree';

/** A message the person sent and the server has not confirmed. */
export interface Pending {
  /** Also the Idempotency-Key, so that sending twice is sending once. */
  key: string;
  content: string;
  images: FileRef[];
  attachments: FileRef[];
  parentId: string | null;
  createdAt: string;
  status: 'sending' | 'failed' | 'queued';
  error?: unknown;
}

export interface Conversation {
  nodes: Nodes;
  leafId: string | null;
  /** Which version was chosen below a message. */
  chosen: Record<string, string>;
  olderCursor: string | null;
  phase: 'empty' | 'loading' | 'ready' | 'failed';
  error?: unknown;
  loadingOlder: boolean;
  pending: Pending[];
  /** A message's place in the list keeps the key it had before the server named it, so nothing blinks. */
  aliases: Record<string, string>;
  /** Whether every branch is loaded, not only the shown path. */
  complete: boolean;
}

export const blank: Conversation = {
  nodes: {},
  leafId: null,
  chosen: {},
  olderCursor: null,
  phase: 'empty',
  loadingOlder: false,
  pending: [],
  aliases: {},
  complete: false,
};

/** The key under which a conversation lives before the server has given it an id. */
export const NEW = 'new';

export interface ChatState {
  conversations: Record<string, Conversation>;
  runs: Record<string, RunView>;
  /** Runs whose stream is being reconnected. */
  reconnecting: Record<string, boolean>;
}

export const useChat = create<ChatState>(() => ({ conversations: {}, runs: {}, reconnecting: {} }));

export function conversationState(id: string): Conversation {
  return useChat.getState().conversations[id] ?? blank;
}

export function change(id: string, with_: (now: Conversation) => Partial<Conversation>): void {
  useChat.setState((state) => {
    const now = state.conversations[id] ?? blank;
    return { conversations: { ...state.conversations, [id]: { ...now, ...with_(now) } } };
  });
}

export function forget(id: string): void {
  useChat.setState((state) => {
    const { [id]: _gone, ...rest } = state.conversations;
    return { conversations: rest };
  });
}

export function applyEvents(runId: string, events: readonly RunEvent[]): RunView {
  const before = useChat.getState().runs[runId] ?? emptyRun(runId);
  const after = reduceRun(before, events);
  if (after !== before) useChat.setState((state) => ({ runs: { ...state.runs, [runId]: after } }));
  return after;
}

export function setReconnecting(runId: string, reconnecting: boolean): void {
  if (Boolean(useChat.getState().reconnecting[runId]) === reconnecting) return;
  useChat.setState((state) => ({ reconnecting: { ...state.reconnecting, [runId]: reconnecting } }));
}
