/** What is different about a node when another run goes on from it: its texts and what it is given. */
import type { Run } from '@/api/types';
import type { GraphNode, Values } from './graph';
import { readObject } from './inputs';

/** What can be written: texts of the configuration by their field, and the inputs as JSON. */
export interface NodeDraft {
  texts: Record<string, string>;
  inputs?: string | undefined;
}

/** The texts that people change when an answer was not what they wanted. */
const TEXTS = ['prompt', 'code', 'title', 'message'];

export function draftOf(node: GraphNode | undefined): NodeDraft {
  const texts: Record<string, string> = {};
  for (const field of TEXTS) {
    const value = node?.config[field];
    if (typeof value === 'string') texts[field] = value;
  }
  const given = node?.inputs && Object.keys(node.inputs).length > 0;
  return { texts, inputs: given ? JSON.stringify(node.inputs, null, 2) : undefined };
}

/** The changes as a merge patch of the node (RFC 7396): a field that was taken away is null. */
export function changesOf(
  node: GraphNode | undefined,
  draft: NodeDraft,
): { nodes: Values; error?: string | undefined } {
  if (!node) return { nodes: {} };
  const patch: Values = {};
  const texts = Object.entries(draft.texts).filter(([field, text]) => text !== node.config[field]);
  if (texts.length > 0) patch.config = Object.fromEntries(texts);
  const before = node.inputs ?? {};
  if (draft.inputs !== undefined && draft.inputs !== JSON.stringify(before, null, 2)) {
    const { values, error } = readObject(draft.inputs);
    if (!values) return { nodes: {}, error };
    const gone = Object.keys(before).filter((name) => !(name in values));
    patch.inputs = { ...values, ...Object.fromEntries(gone.map((name) => [name, null])) };
  }
  return { nodes: Object.keys(patch).length > 0 ? { [node.id]: patch } : {} };
}

/** Whether a run is tried under a draft of a policy, as its input says. */
export function isTrial(run: Pick<Run, 'input'>): boolean {
  const input = run.input as { fork?: { policy?: unknown } } | null | undefined;
  return Boolean(input?.fork?.policy);
}
