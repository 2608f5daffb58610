/** The message tree: paths, versions, branches, deletion. */
import { describe, expect, it } from 'vitest';
import type { Message } from '@/api/types';
import { followers, isCut, leafBelow, pathTo, removeBranch, siblingsOf, upsert } from './tree';

let clock = 0;
function message(
  id: string,
  parent: string | null,
  role: Message['role'] = 'user',
  siblings: string[] = [id],
): Message {
  clock += 1;
  return {
    id,
    conversation_id: 'c',
    parent_message_id: parent,
    role,
    content: id,
    created_at: new Date(clock * 1000).toISOString(),
    images: [],
    attachments: [],
    status: 'complete',
    tool_calls: [],
    artifacts: [],
    data_classification: 'public',
    sibling_ids: siblings,
    metadata: {},
  };
}

//  q1 ─ a1 ─ q2 ─ a2
//     │    └ q2b ─ a2b
//     └ a1b
const nodes = upsert({}, [
  message('q1', null),
  message('a1', 'q1', 'assistant', ['a1']),
  message('q2', 'a1', 'user', ['q2']),
  message('a2', 'q2', 'assistant'),
  message('q2b', 'a1', 'user', ['q2', 'q2b']),
  message('a2b', 'q2b', 'assistant'),
  message('a1b', 'q1', 'assistant', ['a1', 'a1b']),
]);

describe('followers', () => {
  it('counts what a new version beside a message would hide', () => {
    expect(followers(nodes, 'a2', 'q1')).toBe(3);
    expect(followers(nodes, 'a2', 'a2')).toBe(0);
    expect(followers(nodes, 'a2', 'q2b')).toBe(0);
  });
});

describe('pathTo', () => {
  it('walks from the root to the leaf', () => {
    expect(pathTo(nodes, 'a2b').map((node) => node.id)).toEqual(['q1', 'a1', 'q2b', 'a2b']);
  });
  it('stops where older messages are not loaded, and says so', () => {
    const partial = upsert({}, [message('x', 'unknown'), message('y', 'x', 'assistant')]);
    const path = pathTo(partial, 'y');
    expect(path.map((node) => node.id)).toEqual(['x', 'y']);
    expect(isCut(path)).toBe(true);
    expect(isCut(pathTo(nodes, 'a2'))).toBe(false);
  });
  it('does not hang on a cycle', () => {
    const bad = upsert({}, [message('x', 'y'), message('y', 'x')]);
    expect(pathTo(bad, 'x')).toHaveLength(2);
  });
});

describe('siblingsOf', () => {
  it('takes the longest list any sibling was given', () => {
    const first = nodes.q2 as Message;
    expect(siblingsOf(nodes, first)).toEqual(['q2', 'q2b']);
  });
  it('adds a version written here that the older answer does not name', () => {
    const more = upsert(nodes, [message('a1c', 'q1', 'assistant', [])]);
    expect(siblingsOf(more, more.a1 as Message)).toEqual(['a1', 'a1b', 'a1c']);
  });
  it('never mixes roles', () => {
    const mixed = upsert(nodes, [message('s', 'a1', 'system')]);
    expect(siblingsOf(mixed, mixed.q2 as Message)).toEqual(['q2', 'q2b']);
  });
});

describe('leafBelow', () => {
  it('goes to the newest by itself and to the chosen where one was chosen', () => {
    expect(leafBelow(nodes, 'a1')).toBe('a2b');
    expect(leafBelow(nodes, 'a1', { a1: 'q2' })).toBe('a2');
    expect(leafBelow(nodes, 'a1b')).toBe('a1b');
  });
});

describe('removeBranch', () => {
  it('removes all that follows and shows the remaining version', () => {
    const result = removeBranch(nodes, 'q2b', 'a2b');
    expect(Object.keys(result.nodes).sort()).toEqual(['a1', 'a1b', 'a2', 'q1', 'q2']);
    expect(result.leafId).toBe('a2');
  });
  it('falls back to the parent when no version remains', () => {
    const result = removeBranch(nodes, 'a2b', 'a2b');
    expect(result.leafId).toBe('q2b');
  });
  it('keeps the leaf when another branch is deleted', () => {
    expect(removeBranch(nodes, 'a1b', 'a2b').leafId).toBe('a2b');
  });
});
