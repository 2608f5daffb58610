/** What an answer said and did, in the order in which it happened. */
import type { Message, ToolCall } from '@/api/types';

export type Piece =
  | { kind: 'text'; at: number; text: string; last: boolean }
  | { kind: 'calls'; at: number; calls: ToolCall[] };

/** Cuts the text where tools were called; calls asked for together stay together. */
export function pieces({ content, tool_calls }: Pick<Message, 'content' | 'tool_calls'>): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  const take = (to: number) => {
    const text = content.slice(from, to);
    if (text.trim()) found.push({ kind: 'text', at: from, text, last: to === content.length });
    from = Math.max(from, to);
  };
  for (const call of tool_calls) {
    const at = Math.min(call.text_offset ?? 0, content.length);
    if (at > from) take(at);
    const before = found.at(-1);
    if (before?.kind === 'calls') before.calls.push(call);
    else found.push({ kind: 'calls', at, calls: [call] });
  }
  take(content.length);
  return found;
}
