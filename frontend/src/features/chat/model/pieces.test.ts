/** The order of text and tool calls. */
import { describe, expect, it } from 'vitest';
import type { ToolCall } from '@/api/types';
import { pieces } from './pieces';

const call = (call_id: string, text_offset: number): ToolCall => ({
  call_id,
  tool: 'read',
  arguments: {},
  text_offset,
  status: 'succeeded',
});

describe('pieces', () => {
  it('is one text where nothing was called', () => {
    expect(pieces({ content: 'Hello', tool_calls: [] })).toEqual([
      { kind: 'text', at: 0, text: 'Hello', last: true },
    ]);
  });

  it('puts calls where they were made, and those made together side by side', () => {
    const content = 'I look.\n\nFound it.';
    const a = call('a', 7);
    const b = call('b', 7);
    expect(pieces({ content, tool_calls: [a, b] })).toEqual([
      { kind: 'text', at: 0, text: 'I look.', last: false },
      { kind: 'calls', at: 7, calls: [a, b] },
      { kind: 'text', at: 7, text: '\n\nFound it.', last: true },
    ]);
  });

  it('keeps calls together that only white space parts', () => {
    const found = pieces({ content: '\n\nDone.', tool_calls: [call('a', 0), call('b', 2)] });
    expect(found.map((piece) => piece.kind)).toEqual(['calls', 'text']);
  });

  it('shows calls that stand beyond the text at its end', () => {
    const found = pieces({ content: 'Hi', tool_calls: [call('a', 99)] });
    expect(found.map((piece) => piece.kind)).toEqual(['text', 'calls']);
  });
});
