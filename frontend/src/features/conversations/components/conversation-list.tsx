/** Conversations in the sidebar: pinned ones, then by date. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Ellipsis, Pin } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { describe } from '@/api/problem';
import { conversationsQuery } from '@/api/queries';
import type { Conversation } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { Menu } from '@/components/ui/menu';
import { Skeleton } from '@/components/ui/states';
import { dateGroup } from '@/lib/format';
import { t } from '@/lib/i18n';
import { type ConversationActions, useConversationActions } from '../use-conversation-actions';
import { ConversationMenuItems } from './conversation-menu';

/** Conversations under their headings, in the order the headings first appear. */
export function grouped(conversations: Conversation[], now = Date.now()): [string, Conversation[]][] {
  const groups = new Map<string, Conversation[]>();
  const pinned = conversations.filter((conversation) => conversation.is_pinned);
  if (pinned.length > 0) groups.set(t('Pinned'), pinned);
  for (const conversation of conversations) {
    if (conversation.is_pinned) continue;
    const group = dateGroup(conversation.last_message_at ?? conversation.updated_at, now);
    groups.set(group, [...(groups.get(group) ?? []), conversation]);
  }
  return [...groups];
}

/** A label that says more than "for members": its strokes, and its name for who hears the list. */
function Label({ level }: { level: Conversation['data_classification'] }) {
  if (level !== 'confidential' && level !== 'restricted') return null;
  const name = level === 'confidential' ? t('Confidential') : t('Restricted');
  return (
    <span
      className={level === 'confidential' ? 'class l3 bg-transparent! p-0!' : 'class l4 bg-transparent! p-0!'}
      title={name}
    >
      <span className="sr-only">{name}</span>
    </span>
  );
}

function Line({
  conversation,
  current,
  actions,
  onNavigate,
}: {
  conversation: Conversation;
  current: boolean;
  actions: ConversationActions;
  onNavigate: () => void;
}) {
  const [renaming, setRenaming] = useState(false);
  if (renaming) {
    return (
      <input
        aria-label={t('Title')}
        className="field min-h-[34px]!"
        defaultValue={conversation.title}
        // biome-ignore lint/a11y/noAutofocus: the person has just asked to write here
        autoFocus
        onFocus={(event) => event.target.select()}
        onBlur={(event) => {
          setRenaming(false);
          const title = event.target.value.trim();
          if (title && title !== conversation.title) void actions.rename(conversation, title);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur();
          if (event.key === 'Escape') {
            event.currentTarget.value = conversation.title;
            event.currentTarget.blur();
          }
        }}
      />
    );
  }
  return (
    <div className="group relative">
      <Link
        to="/c/$conversationId"
        params={{ conversationId: conversation.id }}
        className="row conv group-focus-within:pr-9! group-hover:pr-9! pointer-coarse:pr-9!"
        aria-current={current ? 'page' : undefined}
        onClick={onNavigate}
      >
        <span className="min-w-0 flex-1 truncate">{conversation.title || t('New chat')}</span>
        <Label level={conversation.data_classification} />
        {conversation.running_run_id && (
          <>
            <span className="dot pulse group-focus-within:invisible group-hover:invisible" />
            <span className="sr-only">{t('Running')}</span>
          </>
        )}
      </Link>
      <Menu
        align="start"
        trigger={
          <IconButton
            small
            label={t('Actions for {{title}}', { title: conversation.title || t('New chat') })}
            className="absolute top-0.5 right-0.5 opacity-0 focus-visible:opacity-100 group-focus-within:opacity-100 group-hover:opacity-100 data-[popup-open]:opacity-100 pointer-coarse:opacity-100"
          >
            <Ellipsis size={16} />
          </IconButton>
        }
      >
        <ConversationMenuItems
          conversation={conversation}
          actions={actions}
          onRename={() => setRenaming(true)}
        />
      </Menu>
    </div>
  );
}

export function ConversationList({ onNavigate }: { onNavigate: () => void }) {
  const { conversationId } = useParams({ strict: false });
  const actions = useConversationActions();
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } =
    useInfiniteQuery(conversationsQuery());
  const end = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const mark = end.current;
    if (!mark || !hasNextPage) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries[0]?.isIntersecting) void fetchNextPage();
    });
    observer.observe(mark);
    return () => observer.disconnect();
  }, [hasNextPage, fetchNextPage]);

  if (isPending) {
    return (
      <div className="grid gap-4 px-2.5 pt-5" aria-busy="true">
        {[70, 88, 55, 76, 62].map((width) => (
          <Skeleton key={width} style={{ width: `${width}%` }} />
        ))}
      </div>
    );
  }
  if (error && !data) {
    return (
      <div className="grid gap-2 px-2.5 pt-5 text-sm text-text-3">
        <p>{describe(error)}</p>
        <Button variant="outline" size="xs" className="justify-self-start" onClick={() => refetch()}>
          {t('Try again')}
        </Button>
      </div>
    );
  }
  const conversations = data?.pages.flatMap((page) => page.items) ?? [];
  if (conversations.length === 0) {
    return <p className="px-2.5 pt-5 text-sm text-text-3">{t('Your conversations will appear here.')}</p>;
  }
  return (
    <>
      {grouped(conversations).map(([title, items]) => (
        <section key={title} aria-label={title}>
          <h2 className="label flex items-center gap-1.5 px-2.5 pt-4 pb-1.5">
            {title === t('Pinned') && <Pin size={12} />}
            {title}
          </h2>
          <ul>
            {items.map((conversation) => (
              <li key={conversation.id}>
                <Line
                  conversation={conversation}
                  current={conversation.id === conversationId}
                  actions={actions}
                  onNavigate={onNavigate}
                />
              </li>
            ))}
          </ul>
        </section>
      ))}
      <div ref={end} className="h-px" />
      {isFetchingNextPage && <Skeleton className="mx-2.5 mt-3" style={{ width: '60%' }} />}
      {actions.dialog}
    </>
  );
}
