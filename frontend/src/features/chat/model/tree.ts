/**
 * A conversation is a tree of messages; the page shows one path of it. Pure functions over a map of known messages:
 * only part of the tree may be loaded.
 */
import type { Message } from '@/api/types';

export type Nodes = Readonly<Record<string, Message>>;

/** The known messages with these added or replaced. */
export function upsert(nodes: Nodes, messages: readonly Message[]): Nodes {
  if (messages.length === 0) return nodes;
  const next: Record<string, Message> = { ...nodes };
  for (const message of messages) next[message.id] = message;
  return next;
}

/** From the oldest known ancestor to the leaf. */
export function pathTo(nodes: Nodes, leafId: string | null | undefined): Message[] {
  const path: Message[] = [];
  const seen = new Set<string>();
  let at = leafId ? nodes[leafId] : undefined;
  while (at && !seen.has(at.id)) {
    seen.add(at.id);
    path.push(at);
    at = at.parent_message_id ? nodes[at.parent_message_id] : undefined;
  }
  return path.reverse();
}

/** Whether the path's beginning is not loaded yet. */
export function isCut(path: readonly Message[]): boolean {
  return Boolean(path[0]?.parent_message_id);
}

export function childrenOf(nodes: Nodes, parentId: string | null): Message[] {
  return Object.values(nodes)
    .filter((message) => (message.parent_message_id ?? null) === parentId)
    .sort(byAge);
}

function byAge(a: Message, b: Message): number {
  return a.created_at === b.created_at ? (a.id < b.id ? -1 : 1) : a.created_at < b.created_at ? -1 : 1;
}

/** All versions of a message, oldest first: what the server named, and what was written since. */
export function siblingsOf(nodes: Nodes, message: Message): string[] {
  const known = childrenOf(nodes, message.parent_message_id ?? null).filter(
    (candidate) => candidate.role === message.role,
  );
  let named = message.sibling_ids;
  for (const candidate of known) {
    if (candidate.sibling_ids.length > named.length) named = candidate.sibling_ids;
  }
  const order = [...named];
  for (const candidate of known) if (!order.includes(candidate.id)) order.push(candidate.id);
  if (!order.includes(message.id)) order.push(message.id);
  return order;
}

/** The newest leaf below a message, going by what was chosen before where there is a choice. */
export function leafBelow(nodes: Nodes, id: string, chosen: Readonly<Record<string, string>> = {}): string {
  const seen = new Set<string>();
  let at = id;
  for (;;) {
    seen.add(at);
    const children = childrenOf(nodes, at);
    const next = children.find((child) => child.id === chosen[at]) ?? children.at(-1);
    if (!next || seen.has(next.id)) return at;
    at = next.id;
  }
}

/** The tree without a message and everything below it, and the leaf to show then. */
export function removeBranch(
  nodes: Nodes,
  id: string,
  leafId: string | null,
): { nodes: Nodes; leafId: string | null } {
  const message = nodes[id];
  if (!message) return { nodes, leafId };
  const gone = new Set<string>([id]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const node of Object.values(nodes)) {
      if (node.parent_message_id && gone.has(node.parent_message_id) && !gone.has(node.id)) {
        gone.add(node.id);
        grown = true;
      }
    }
  }
  const next: Record<string, Message> = {};
  for (const node of Object.values(nodes)) {
    if (gone.has(node.id)) continue;
    next[node.id] = node.sibling_ids.some((sibling) => gone.has(sibling))
      ? { ...node, sibling_ids: node.sibling_ids.filter((sibling) => !gone.has(sibling)) }
      : node;
  }
  if (!leafId || !gone.has(leafId)) return { nodes: next, leafId };
  const others = childrenOf(next, message.parent_message_id ?? null).filter(
    (other) => other.role === message.role,
  );
  const sibling = others.at(-1);
  if (sibling) return { nodes: next, leafId: leafBelow(next, sibling.id) };
  return { nodes: next, leafId: message.parent_message_id ?? null };
}

/** How many messages of the shown path come after this one: a new version beside it hides them. */
export function followers(nodes: Nodes, leafId: string | null, id: string): number {
  const path = pathTo(nodes, leafId);
  const at = path.findIndex((message) => message.id === id);
  return at < 0 ? 0 : path.length - at - 1;
}
