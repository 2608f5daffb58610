/** What a person can do in a chat. Each action shows at once and tells the server after. */
import { api, newId } from '@/api/client';
import { describe, Offline, Problem } from '@/api/problem';
import { conversationQuery, patchConversation, queryClient } from '@/api/queries';
import type { ApprovalDecision, FileRef, HumanTask, Message, Page, Run } from '@/api/types';
import { whenBack } from '@/lib/connection';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { useChoice } from './choice';
import { withRun } from './run-reducer';
import { unwatch, watch, whenRunFinishes } from './runs';
import { applyEvents, change, conversationState, forget, NEW, type Pending, useChat } from './store';
import { followers, leafBelow, pathTo, removeBranch, upsert } from './tree';

/** The API's largest page; a longer path is shown by the virtual list. */
const PAGE = 100;

function settled(message: Message): boolean {
  return message.status !== 'streaming' && message.status !== 'waiting';
}

function watchRuns(conversationId: string): void {
  const { nodes } = conversationState(conversationId);
  for (const message of Object.values(nodes)) {
    if (message.run_id && !settled(message)) watch(message.run_id, conversationId);
  }
}

let visible: string | null = null;

/** Conversations whose chosen branch the server has not heard of yet: its idea of the leaf is older than ours. */
const choosing = new Set<string>();

/** The conversation on screen, whose runs are followed. */
export function show(conversationId: string | null): void {
  visible = conversationId;
}

/** Reads the newest messages of the shown path; what is known already stays. */
export async function load(conversationId: string): Promise<void> {
  const before = conversationState(conversationId);
  if (before.phase === 'empty' || before.phase === 'failed')
    change(conversationId, () => ({ phase: 'loading' }));
  try {
    const page = await api.get(`/api/conversations/${conversationId}/messages`, {
      query: { limit: PAGE },
    });
    const leaf = page.items.at(-1)?.id ?? null;
    change(conversationId, (now) => {
      const nodes = upsert(now.nodes, page.items);
      // A branch chosen here while the answer was on its way wins over the server's older idea of it.
      const moved = choosing.has(conversationId) || now.leafId !== before.leafId;
      const leafId = moved && now.leafId && nodes[now.leafId] ? now.leafId : leaf;
      const joined = page.items.some(
        (item) => item.parent_message_id && before.nodes[item.parent_message_id],
      );
      const firstKnown =
        before.phase === 'ready' && (joined || page.items.some((item) => before.nodes[item.id]));
      return {
        nodes,
        leafId,
        olderCursor: firstKnown ? now.olderCursor : (page.next_cursor ?? null),
        phase: 'ready',
        error: undefined,
      };
    });
    if (visible === conversationId) watchRuns(conversationId);
  } catch (error) {
    change(conversationId, (now) => (now.phase === 'ready' ? {} : { phase: 'failed', error }));
    if (conversationState(conversationId).phase === 'failed') return;
    throw error;
  }
}

/** Reads one page of older messages. */
export async function loadOlder(conversationId: string): Promise<void> {
  const { olderCursor, loadingOlder } = conversationState(conversationId);
  if (!olderCursor || loadingOlder) return;
  change(conversationId, () => ({ loadingOlder: true }));
  try {
    const page = await api.get(`/api/conversations/${conversationId}/messages`, {
      query: { limit: PAGE, cursor: olderCursor },
    });
    change(conversationId, (now) => ({
      nodes: upsert(now.nodes, page.items),
      olderCursor: page.next_cursor ?? null,
    }));
  } finally {
    change(conversationId, () => ({ loadingOlder: false }));
  }
}

async function loadAllBranches(conversationId: string): Promise<void> {
  if (conversationState(conversationId).complete) return;
  let cursor: string | null = null;
  do {
    const page: Page<Message> = await api.get(`/api/conversations/${conversationId}/messages`, {
      query: { branch: 'all', limit: 100, cursor },
    });
    change(conversationId, (now) => ({ nodes: upsert(now.nodes, page.items) }));
    cursor = page.next_cursor ?? null;
  } while (cursor);
  change(conversationId, () => ({ complete: true, olderCursor: null }));
}

function accept(conversationId: string, messages: Message[], leafId: string, run: Run): void {
  change(conversationId, (now) => ({ nodes: upsert(now.nodes, messages), leafId, phase: 'ready' }));
  applyEvents(run.id, []);
  if (visible === conversationId) watch(run.id, conversationId);
  patchConversation(conversationId, { running_run_id: run.id, last_message_at: new Date().toISOString() });
  void queryClient.invalidateQueries({ queryKey: ['conversations', 'list'] });
}

whenRunFinishes((conversationId, runId) => {
  const view = useChat.getState().runs[runId];
  if (view?.finished) {
    change(conversationId, (now) => {
      const id = view.messageId ?? view.completed?.id;
      const message = id ? now.nodes[id] : undefined;
      return message ? { nodes: upsert(now.nodes, [withRun(message, view)]) } : {};
    });
  }
  patchConversation(conversationId, { running_run_id: null });
  load(conversationId).catch(() => {});
  void queryClient.invalidateQueries({ queryKey: ['conversations'] });
  void queryClient.invalidateQueries({ queryKey: ['artifacts'] });
});

export interface Outgoing {
  content: string;
  images: FileRef[];
  attachments: FileRef[];
}

function setPending(where: string, key: string, with_: Partial<Pending>): void {
  change(where, (now) => ({
    pending: now.pending.map((item) => (item.key === key ? { ...item, ...with_ } : item)),
  }));
}

export function discard(where: string, key: string): void {
  change(where, (now) => ({ pending: now.pending.filter((item) => item.key !== key) }));
}

let goTo: (conversationId: string) => void = () => {};
/** Told where to go when a new chat has got its id. */
export function whenConversationStarts(handler: typeof goTo): void {
  goTo = handler;
}

async function createConversation(key: string): Promise<string> {
  const choice = useChoice.getState();
  const row = await api.post(
    '/api/conversations',
    {
      ...(choice.agentId ? { agent_id: choice.agentId } : {}),
      ...(choice.model ? { model: choice.model } : {}),
      settings: choice.settings,
    },
    { idempotencyKey: `${key}-c` },
  );
  queryClient.setQueryData(conversationQuery(row.id).queryKey, row);
  return row.id;
}

async function deliver(where: string, key: string): Promise<void> {
  const item = conversationState(where).pending.find((candidate) => candidate.key === key);
  if (!item) return;
  setPending(where, key, { status: 'sending', error: undefined });
  let place = where;
  try {
    if (where === NEW) {
      const id = await createConversation(key);
      place = id;
      change(id, () => ({ phase: 'ready', pending: [{ ...item, status: 'sending' }] }));
      goTo(id);
      discard(NEW, key);
    }
    const row = queryClient.getQueryData(conversationQuery(place).queryKey);
    const answer = await api.post(
      `/api/conversations/${place}/messages`,
      {
        content: item.content,
        parent_message_id: item.parentId ?? conversationState(place).leafId ?? undefined,
        ...(row?.agent_id ? { agent_id: row.agent_id } : {}),
        ...(row?.model ? { model: row.model } : {}),
        ...(item.images.length ? { image_ids: item.images.map((file) => file.id) } : {}),
        ...(item.attachments.length ? { attachment_ids: item.attachments.map((file) => file.id) } : {}),
      },
      { idempotencyKey: key },
    );
    change(place, (now) => ({
      pending: now.pending.filter((candidate) => candidate.key !== key),
      aliases: { ...now.aliases, [answer.message.id]: key, [answer.reply.id]: `${key}-reply` },
    }));
    accept(place, [answer.message, answer.reply], answer.reply.id, answer.run);
  } catch (error) {
    setPending(place, key, { status: error instanceof Offline ? 'queued' : 'failed', error });
  }
}

/** Shows the message now and sends it. */
export async function send(where: string, outgoing: Outgoing): Promise<void> {
  const key = newId();
  change(where, (now) => ({
    pending: [
      ...now.pending,
      {
        key,
        ...outgoing,
        parentId: now.leafId,
        createdAt: new Date().toISOString(),
        status: 'sending',
      },
    ],
  }));
  await deliver(where, key);
}

/** Sends a failed message again, under the same key: what did arrive is not repeated. */
export async function resend(where: string, key: string): Promise<void> {
  await deliver(where, key);
}

whenBack(() => {
  for (const [where, { pending }] of Object.entries(useChat.getState().conversations)) {
    for (const item of pending) if (item.status === 'queued') void deliver(where, item.key);
  }
});

export async function stop(runId: string): Promise<void> {
  await api.post(`/api/execute/${runId}/cancel`);
}

/** Says that a new version hid what followed the old one, and leads back to it. */
function tellHidden(count: number, created: Message, formerId: string): void {
  if (count < 1) return;
  const text =
    count === 1
      ? t('One later message stays with the earlier version.')
      : t('{{count}} later messages stay with the earlier version.', { count });
  toast.message(text, {
    label: t('Show'),
    onClick: () => {
      switchTo(created, formerId).catch((error: unknown) => toast.error(describe(error)));
    },
  });
}

/** A new version of the question, answered anew; or new words only, which costs nothing. */
export async function edit(message: Message, content: string, resendIt: boolean): Promise<void> {
  const { nodes, leafId } = conversationState(message.conversation_id);
  // Its own answer goes without saying.
  const hidden = followers(nodes, leafId, message.id) - 1;
  const answer = await api.put(
    `/api/messages/${message.id}`,
    { content, resend: resendIt },
    { idempotencyKey: newId() },
  );
  if ('reply' in answer) {
    accept(message.conversation_id, [answer.message, answer.reply], answer.reply.id, answer.run);
    load(message.conversation_id).catch(() => {});
    tellHidden(hidden, answer.message, message.id);
  } else change(message.conversation_id, (now) => ({ nodes: upsert(now.nodes, [answer.message]) }));
}

export async function regenerate(
  message: Message,
  other: { agentId?: string; model?: string } = {},
): Promise<void> {
  const { nodes, leafId } = conversationState(message.conversation_id);
  const hidden = followers(nodes, leafId, message.id);
  const answer = await api.post(
    `/api/messages/${message.id}/regenerate`,
    {
      ...(other.agentId ? { agent_id: other.agentId } : {}),
      ...(other.model ? { model: other.model } : {}),
    },
    { idempotencyKey: newId() },
  );
  accept(message.conversation_id, [answer.reply], answer.reply.id, answer.run);
  tellHidden(hidden, answer.reply, message.id);
}

export async function removeMessage(message: Message): Promise<void> {
  await api.delete(`/api/messages/${message.id}`);
  const { conversation_id: id } = message;
  change(id, (now) => removeBranch(now.nodes, message.id, now.leafId));
  await load(id);
}

/** Shows another version and what followed it, and remembers the choice. */
export async function switchTo(message: Message, siblingId: string): Promise<void> {
  const id = message.conversation_id;
  await loadAllBranches(id);
  choosing.add(id);
  change(id, (now) => {
    const chosen = { ...now.chosen };
    // Remember what was on screen below the version we leave, to find it again.
    const path = pathTo(now.nodes, now.leafId);
    for (let at = 1; at < path.length; at += 1) chosen[path[at - 1]?.id ?? ''] = path[at]?.id ?? '';
    return { chosen, leafId: leafBelow(now.nodes, siblingId, chosen) };
  });
  if (visible === id) watchRuns(id);
  const { leafId } = conversationState(id);
  try {
    await api.put(`/api/conversations/${id}`, { current_leaf_id: leafId });
    patchConversation(id, { current_leaf_id: leafId });
  } finally {
    choosing.delete(id);
  }
}

/** Answers a question of a run. Somebody may have been faster; then their answer is shown. */
export async function decide(task: HumanTask, decision: ApprovalDecision): Promise<void> {
  try {
    await api.post(`/api/tasks/${task.id}/decide`, { decision });
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'already_decided')) throw error;
  }
  void queryClient.invalidateQueries({ queryKey: ['tasks'] });
}

/** Something happened to a conversation elsewhere: another tab, another device. */
export function touched(conversationId: string): void {
  if (useChat.getState().conversations[conversationId]?.phase !== 'ready') return;
  load(conversationId).catch(() => {});
}

export function dropped(conversationId: string): void {
  const { nodes } = conversationState(conversationId);
  for (const message of Object.values(nodes)) if (message.run_id) unwatch(message.run_id);
  forget(conversationId);
}
