/** The lines of the log. */
import { describe, expect, it } from 'vitest';
import type { Message } from '@/api/types';
import { lastQuestion, rowsOf } from './rows';
import { blank, type Pending } from './store';

const message = (id: string, parent: string | null, role: Message['role']): Message => ({
  id,
  conversation_id: 'c',
  parent_message_id: parent,
  role,
  content: id,
  created_at: '2026-11-20T10:00:00Z',
  images: [],
  attachments: [],
  status: 'complete',
  tool_calls: [],
  artifacts: [],
  data_classification: 'public',
  sibling_ids: [id],
  metadata: {},
});

const pending = (status: Pending['status']): Pending => ({
  key: 'k',
  content: 'hello',
  images: [],
  attachments: [],
  parentId: 'a',
  createdAt: '2026-11-20T10:00:00Z',
  status,
});

const nodes = { q: message('q', null, 'user'), a: message('a', 'q', 'assistant') };

describe('rowsOf', () => {
  it('puts what is being sent behind the path, with a place for its answer', () => {
    const rows = rowsOf({ ...blank, nodes, leafId: 'a', pending: [pending('sending')] });
    expect(rows.map((row) => row.key)).toEqual(['q', 'a', 'k', 'k-reply']);
    expect(lastQuestion(rows)).toBe(2);
  });

  it('promises no answer to a message that failed or waits', () => {
    for (const status of ['failed', 'queued'] as const) {
      expect(rowsOf({ ...blank, nodes, leafId: 'a', pending: [pending(status)] }).at(-1)?.kind).toBe(
        'pending',
      );
    }
  });

  it('keeps the place of a message that has got its name', () => {
    const rows = rowsOf({ ...blank, nodes, leafId: 'a', aliases: { q: 'k', a: 'k-reply' } });
    expect(rows.map((row) => row.key)).toEqual(['k', 'k-reply']);
  });
});
