import { describe, expect, it } from 'vitest';
import type { GraphNode } from './graph';
import { changesOf, draftOf, isTrial } from './resume';

const node: GraphNode = {
  id: 'write',
  kind: 'agent',
  config: { prompt: 'Write.', temperature: 0.2 },
  inputs: { who: '{{input.who}}', tone: 'dry' },
  on_error: 'stop',
};

describe('what is different about a node', () => {
  it('is nothing where nothing was changed', () => {
    expect(draftOf(node).texts).toEqual({ prompt: 'Write.' });
    expect(changesOf(node, draftOf(node))).toEqual({ nodes: {} });
    expect(changesOf(undefined, draftOf(undefined))).toEqual({ nodes: {} });
  });

  it('names the changed texts alone', () => {
    const draft = { ...draftOf(node), texts: { prompt: 'Write shorter.' } };
    expect(changesOf(node, draft)).toEqual({ nodes: { write: { config: { prompt: 'Write shorter.' } } } });
  });

  it('takes away what is no longer given', () => {
    const draft = { ...draftOf(node), inputs: '{"who": "Ada"}' };
    expect(changesOf(node, draft)).toEqual({ nodes: { write: { inputs: { who: 'Ada', tone: null } } } });
  });

  it('says what is no JSON', () => {
    expect(changesOf(node, { ...draftOf(node), inputs: '{who}' }).error).toBeTruthy();
    expect(changesOf(node, { ...draftOf(node), inputs: '[1]' }).error).toBeTruthy();
  });
});

it('a run that is tried under a draft says so in its input', () => {
  expect(isTrial({ input: { fork: { policy: { name: 'No peer' } } } })).toBe(true);
  for (const input of [null, undefined, 'text', {}, { fork: null }, { fork: { policy: null } }]) {
    expect(isTrial({ input })).toBe(false);
  }
});
