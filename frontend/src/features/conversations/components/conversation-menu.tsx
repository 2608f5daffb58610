/** The actions of one conversation, for the sidebar's menu and the chat's. */
import { useQuery } from '@tanstack/react-query';
import { Archive, ArchiveRestore, CopyPlus, Pencil, Pin, PinOff, Trash2, Users } from 'lucide-react';
import { meQuery } from '@/api/queries';
import type { Conversation } from '@/api/types';
import { MenuItem, MenuSeparator } from '@/components/ui/menu';
import { t } from '@/lib/i18n';
import type { ConversationActions } from '../use-conversation-actions';

export function ConversationMenuItems({
  conversation,
  actions,
  onRename,
}: {
  conversation: Conversation;
  actions: ConversationActions;
  onRename: () => void;
}) {
  const { data: me } = useQuery(meQuery);
  const own = me?.user.id === conversation.user_id;
  return (
    <>
      <MenuItem icon={<Pencil size={16} />} onSelect={onRename}>
        {t('Rename')}
      </MenuItem>
      <MenuItem
        icon={conversation.is_pinned ? <PinOff size={16} /> : <Pin size={16} />}
        onSelect={() => actions.pin(conversation)}
      >
        {conversation.is_pinned ? t('Unpin') : t('Pin')}
      </MenuItem>
      <MenuItem icon={<CopyPlus size={16} />} onSelect={() => actions.duplicate(conversation)}>
        {t('Duplicate')}
      </MenuItem>
      <MenuItem
        icon={conversation.is_archived ? <ArchiveRestore size={16} /> : <Archive size={16} />}
        onSelect={() => actions.archive(conversation)}
      >
        {conversation.is_archived ? t('Bring back') : t('Archive')}
      </MenuItem>
      {own && (
        <MenuItem icon={<Users size={16} />} onSelect={() => actions.share(conversation)}>
          {t('Access')}
        </MenuItem>
      )}
      <MenuSeparator />
      <MenuItem icon={<Trash2 size={16} />} danger onSelect={() => actions.remove(conversation)}>
        {t('Delete')}
      </MenuItem>
    </>
  );
}
