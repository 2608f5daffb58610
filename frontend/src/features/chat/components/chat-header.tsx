/** The chat's title line: rename in place, the agent that answers, and what can be done with the conversation. */
import { Ellipsis, Menu as MenuIcon, PanelRight } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { Conversation } from '@/api/types';
import { AgentBadge, Classification, isSensitive } from '@/components/ui/badges';
import { IconButton } from '@/components/ui/button';
import { Menu, MenuGroup } from '@/components/ui/menu';
import { ConversationMenuItems, useConversationActions } from '@/features/conversations';
import { t } from '@/lib/i18n';
import { useShell } from '@/lib/shell';

/** Loaded with the menu. */
const ConversationCost = lazy(async () => ({
  default: (await import('./conversation-cost')).ConversationCost,
}));

export function ChatHeader({
  conversation,
  agentName,
  agentId,
  artifactCount,
  panelOpen,
  onPanel,
}: {
  conversation: Conversation | undefined;
  agentName: string | null;
  agentId: string | null;
  artifactCount: number;
  panelOpen: boolean;
  onPanel: () => void;
}) {
  const [editing, setEditing] = useState(false);
  const actions = useConversationActions();
  const openDrawer = useShell((state) => state.openDrawer);
  return (
    <div className="bar shrink-0 px-2! max-md:border-border max-md:border-b md:px-4!">
      <IconButton label={t('Open conversations')} className="md:hidden" onClick={openDrawer}>
        <MenuIcon size={18} />
      </IconButton>
      {conversation && editing ? (
        <input
          aria-label={t('Title')}
          className="field max-w-md font-semibold"
          defaultValue={conversation.title}
          // biome-ignore lint/a11y/noAutofocus: the person has just asked to write here
          autoFocus
          onFocus={(event) => event.target.select()}
          onBlur={(event) => {
            setEditing(false);
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
      ) : conversation ? (
        <h1 className="h min-w-0 truncate text-[0.9375rem]">
          <button
            type="button"
            className="max-w-full truncate rounded-sm"
            title={t('Rename')}
            onClick={() => setEditing(true)}
          >
            {conversation.title || t('New chat')}
          </button>
        </h1>
      ) : (
        <span className="h text-[0.9375rem] md:hidden">{t('New chat')}</span>
      )}
      {isSensitive(conversation?.data_classification) && (
        <span
          title={t(
            'This chat holds data that may not be sent to every server. Delete the messages to lift the label.',
          )}
        >
          <Classification level={conversation.data_classification} />
        </span>
      )}
      <span className="flex-1" />
      {conversation && agentName && (
        <span className="hidden min-w-0 sm:inline-flex">
          <AgentBadge name={agentName} id={agentId ?? agentName} />
        </span>
      )}
      {artifactCount > 0 && (
        <IconButton
          label={panelOpen ? t('Close artifacts') : t('Open artifacts')}
          aria-pressed={panelOpen}
          onClick={onPanel}
        >
          <PanelRight size={18} />
        </IconButton>
      )}
      {conversation && (
        <>
          <Menu
            align="end"
            trigger={
              <IconButton label={t('Conversation actions')}>
                <Ellipsis size={18} />
              </IconButton>
            }
          >
            <MenuGroup
              label={
                <Suspense fallback="…">
                  <ConversationCost conversation={conversation} />
                </Suspense>
              }
            >
              <ConversationMenuItems
                conversation={conversation}
                actions={actions}
                onRename={() => setEditing(true)}
              />
            </MenuGroup>
          </Menu>
          {actions.dialog}
        </>
      )}
    </div>
  );
}
