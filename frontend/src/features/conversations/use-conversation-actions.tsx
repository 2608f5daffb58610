/** Rename, pin, archive, duplicate and delete; shown at once, taken back when the server refuses. */
import { useNavigate, useParams } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { api, newId } from '@/api/client';
import { describe } from '@/api/problem';
import { patchConversation, queryClient } from '@/api/queries';
import type { Conversation } from '@/api/types';
import { ConfirmDialog } from '@/components/ui/confirm';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';

// Few open it, and every page has the sidebar.
const AccessDialog = lazy(async () => ({ default: (await import('@/features/access')).AccessDialog }));

export interface ConversationActions {
  rename: (conversation: Conversation, title: string) => Promise<void>;
  pin: (conversation: Conversation) => Promise<void>;
  archive: (conversation: Conversation) => Promise<void>;
  duplicate: (conversation: Conversation) => Promise<void>;
  remove: (conversation: Conversation) => void;
  /** Shows who has access. */
  share: (conversation: Conversation) => void;
  /** The question before deletion and the access list; render it once beside the menu. */
  dialog: ReactNode;
}

function refresh(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ['conversations'] });
}

async function changed(
  conversation: Conversation,
  change: Partial<Conversation>,
  request: () => Promise<unknown>,
): Promise<void> {
  patchConversation(conversation.id, change);
  try {
    await request();
  } catch (error) {
    patchConversation(conversation.id, conversation);
    toast.error(describe(error));
  }
  await refresh();
}

export function useConversationActions(): ConversationActions {
  const navigate = useNavigate();
  const { conversationId } = useParams({ strict: false });
  const [doomed, setDoomed] = useState<Conversation | null>(null);
  const [shared, setShared] = useState<Conversation | null>(null);

  return {
    rename: (conversation, title) =>
      changed(conversation, { title }, () => api.put(`/api/conversations/${conversation.id}`, { title })),
    pin: (conversation) => {
      const pinned = !conversation.is_pinned;
      return changed(conversation, { is_pinned: pinned }, () =>
        api.put(`/api/conversations/${conversation.id}/pin`, { pinned }),
      );
    },
    archive: async (conversation) => {
      const archived = !conversation.is_archived;
      await changed(conversation, { is_archived: archived }, () =>
        api.put(`/api/conversations/${conversation.id}/archive`, { archived }),
      );
      toast.message(archived ? t('Archived. Find it through search.') : t('Back in the list.'));
      if (archived && conversation.id === conversationId) await navigate({ to: '/' });
    },
    duplicate: async (conversation) => {
      try {
        const copy = await api.post(
          `/api/conversations/${conversation.id}/duplicate`,
          {},
          { idempotencyKey: newId() },
        );
        await refresh();
        await navigate({ to: '/c/$conversationId', params: { conversationId: copy.id } });
      } catch (error) {
        toast.error(describe(error));
      }
    },
    remove: setDoomed,
    share: setShared,
    dialog: (
      <>
        {shared && (
          <Suspense>
            <AccessDialog
              open
              onClose={() => setShared(null)}
              resource={{ kind: 'conversation', id: shared.id }}
              name={shared.title || t('New chat')}
            />
          </Suspense>
        )}
        <ConfirmDialog
          open={doomed !== null}
          onClose={() => setDoomed(null)}
          title={t('Delete this conversation?')}
          description={t('“{{title}}” and its artifacts are deleted for good.', {
            title: doomed?.title || t('New chat'),
          })}
          confirm={t('Delete')}
          onConfirm={async () => {
            if (!doomed) return;
            try {
              await api.delete(`/api/conversations/${doomed.id}`);
              if (doomed.id === conversationId) await navigate({ to: '/' });
              await refresh();
            } catch (error) {
              toast.error(describe(error));
            }
          }}
        />
      </>
    ),
  };
}
