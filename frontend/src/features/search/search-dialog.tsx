/** Ctrl+K: find a conversation, or go somewhere, without leaving the keyboard. */
import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog as Base } from '@base-ui/react/dialog';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  Archive,
  Hexagon,
  Inbox,
  MessageSquare,
  Plug,
  Plus,
  Search,
  SlidersHorizontal,
  Workflow,
} from 'lucide-react';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { api } from '@/api/client';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';

interface Entry {
  id: string;
  label: string;
  icon: ReactNode;
  detail?: string;
  go: () => void;
}

export function SearchDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const [words, setWords] = useState('');
  const query = useDeferredValue(words.trim());
  const { data, isFetching } = useQuery({
    queryKey: ['conversations', 'search', query],
    queryFn: async ({ signal }) => {
      const options = { query: { q: query, limit: 20 }, signal };
      const [active, archived] = await Promise.all([
        api.get('/api/conversations', options),
        query
          ? api.get('/api/conversations', {
              ...options,
              query: { ...options.query, archived: true },
            })
          : { items: [], next_cursor: null },
      ]);
      return [...active.items, ...archived.items];
    },
    enabled: open,
    placeholderData: (old) => old,
  });

  const places: Entry[] = [
    { id: 'new', label: t('New chat'), icon: <Plus size={17} />, go: () => navigate({ to: '/' }) },
    {
      id: 'agents',
      label: t('Agents'),
      icon: <Hexagon size={17} />,
      go: () => navigate({ to: '/library/agents' }),
    },
    {
      id: 'workflows',
      label: t('Workflows'),
      icon: <Workflow size={17} />,
      go: () => navigate({ to: '/workflows' }),
    },
    { id: 'servers', label: t('Servers'), icon: <Plug size={17} />, go: () => navigate({ to: '/servers' }) },
    { id: 'inbox', label: t('Inbox'), icon: <Inbox size={17} />, go: () => navigate({ to: '/inbox' }) },
    {
      id: 'settings',
      label: t('Settings'),
      icon: <SlidersHorizontal size={17} />,
      go: () => navigate({ to: '/settings/$tab', params: { tab: 'profile' } }),
    },
  ];
  const found: Entry[] = (data ?? []).map((conversation) => ({
    id: conversation.id,
    label: conversation.title || t('New chat'),
    icon: conversation.is_archived ? <Archive size={17} /> : <MessageSquare size={17} />,
    detail: ago(conversation.last_message_at ?? conversation.updated_at),
    go: () => navigate({ to: '/c/$conversationId', params: { conversationId: conversation.id } }),
  }));
  const entries = [
    ...places.filter((place) => !query || place.label.toLowerCase().includes(query.toLowerCase())),
    ...found,
  ];

  const close = () => {
    setWords('');
    onClose();
  };

  return (
    <Base.Root open={open} onOpenChange={(next) => !next && close()}>
      <Base.Portal>
        <Base.Backdrop className="scrim" />
        <Base.Popup className="dialog top-[12vh]! w-[min(600px,calc(100vw-32px))]! -translate-x-1/2! translate-y-0! p-0!">
          <Base.Title className="sr-only">{t('Search')}</Base.Title>
          <Autocomplete.Root
            open
            inline
            items={entries}
            filter={null}
            value={words}
            onValueChange={setWords}
            itemToStringValue={(entry: Entry) => entry.label}
            autoHighlight="always"
          >
            <div className="flex items-center gap-3 border-border border-b px-4">
              {isFetching ? <span className="spin" /> : <Search size={17} className="text-text-3" />}
              <Autocomplete.Input
                aria-label={t('Search conversations and pages')}
                placeholder={t('Search conversations and pages')}
                className="min-h-13 min-w-0 flex-1 bg-transparent text-body outline-none"
              />
            </div>
            <div className="max-h-[50vh] overflow-y-auto p-1.5">
              <Autocomplete.Empty className="px-3 py-6 text-center text-text-3 empty:hidden">
                {t('Nothing matches “{{words}}”.', { words: query })}
              </Autocomplete.Empty>
              <Autocomplete.List>
                {(entry: Entry) => (
                  <Autocomplete.Item
                    key={entry.id}
                    value={entry}
                    className="menu-item"
                    onClick={() => {
                      close();
                      entry.go();
                    }}
                  >
                    {entry.icon}
                    <span className="min-w-0 flex-1 truncate">{entry.label}</span>
                    {entry.detail && <span className="text-text-3 text-xs">{entry.detail}</span>}
                  </Autocomplete.Item>
                )}
              </Autocomplete.List>
            </div>
          </Autocomplete.Root>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
