/** The lines of the log: stored messages of the shown path, then what is on its way. */
import type { Message } from '@/api/types';
import type { Conversation, Pending } from './store';
import { pathTo, siblingsOf } from './tree';

export type Row =
  | { kind: 'message'; key: string; message: Message; siblings: string[] }
  | { kind: 'pending'; key: string; pending: Pending }
  /** Where the answer will stand, from the first moment. */
  | { kind: 'awaited'; key: string };

export function rowsOf(conversation: Conversation): Row[] {
  const rows: Row[] = pathTo(conversation.nodes, conversation.leafId).map((message) => ({
    kind: 'message',
    key: conversation.aliases[message.id] ?? message.id,
    message,
    siblings: siblingsOf(conversation.nodes, message),
  }));
  for (const pending of conversation.pending) {
    rows.push({ kind: 'pending', key: pending.key, pending });
    if (pending.status === 'sending') rows.push({ kind: 'awaited', key: `${pending.key}-reply` });
  }
  return rows;
}

/** Where the last question stands; "keep my question at the top" shows from there. */
export function lastQuestion(rows: readonly Row[]): number {
  return rows.findLastIndex(
    (row) => row.kind === 'pending' || (row.kind === 'message' && row.message.role === 'user'),
  );
}
