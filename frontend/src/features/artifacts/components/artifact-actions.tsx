/** What can be done with an artifact: copy, download, link, ask for a change, fork, delete. */
import { CopyPlus, Download, Ellipsis, Globe, Link2, MessageSquarePlus, Trash2 } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { describe } from '@/api/problem';
import type { Artifact } from '@/api/types';
import { IconButton } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { fileName, permalink } from '../model/artifact';
import type { Tab } from '../model/tabs';
import { useDeleteArtifact, useForkArtifact } from '../queries';

/** Few open it. */
const ArtifactLinkDialog = lazy(async () => ({
  default: (await import('@/features/access')).ArtifactLinkDialog,
}));

interface Props {
  conversationId: string;
  tab: Tab;
  shown: Artifact | undefined;
  content: string;
  onReprompt: (text: string) => void;
}

function download(name: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

export function ArtifactActions({ conversationId, tab, shown, content, onReprompt }: Props) {
  const fork = useForkArtifact(conversationId);
  const remove = useDeleteArtifact(conversationId);
  const [asking, setAsking] = useState(false);
  const [linking, setLinking] = useState(false);

  const link = async () => {
    if (!shown) return;
    if (await (await import('@/lib/clipboard')).copyText(permalink(conversationId, shown.id)))
      toast.success(t('Link copied'));
    else toast.error(t('The link could not be copied.'));
  };

  return (
    <div className="flex flex-none items-center">
      <CopyButton text={content} small={false} />
      <IconButton
        label={t('Download')}
        onClick={() => download(fileName(tab.title, tab.type, tab.language), content)}
      >
        <Download size={18} />
      </IconButton>
      <Menu
        align="end"
        trigger={
          <IconButton label={t('More about this artifact')}>
            <Ellipsis size={18} />
          </IconButton>
        }
      >
        <MenuItem
          icon={<MessageSquarePlus size={16} />}
          onSelect={() => onReprompt(t('Change the artifact "{{title}}": ', { title: tab.title }))}
        >
          {t('Ask for a change')}
        </MenuItem>
        <MenuItem icon={<Link2 size={16} />} disabled={!shown} onSelect={() => void link()}>
          {t('Copy link to this version')}
        </MenuItem>
        <MenuItem icon={<Globe size={16} />} disabled={!shown} onSelect={() => setLinking(true)}>
          {t('Public links')}
        </MenuItem>
        <MenuItem
          icon={<CopyPlus size={16} />}
          disabled={!shown || fork.isPending}
          onSelect={() =>
            shown &&
            fork.mutate(
              { id: shown.id, title: t('{{title}} (copy)', { title: tab.title }) },
              { onError: (error) => toast.error(describe(error)) },
            )
          }
        >
          {t('Make a copy')}
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Trash2 size={16} />} danger disabled={!shown} onSelect={() => setAsking(true)}>
          {t('Delete')}
        </MenuItem>
      </Menu>
      {linking && shown && (
        <Suspense>
          <ArtifactLinkDialog
            conversationId={conversationId}
            artifactId={shown.id}
            title={tab.title}
            onClose={() => setLinking(false)}
          />
        </Suspense>
      )}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('Delete "{{title}}"?', { title: tab.title })}
        description={t('All its versions go with it. The messages that made it stay.')}
        confirm={t('Delete')}
        onConfirm={async () => {
          if (!shown) return;
          try {
            await remove.mutateAsync(shown.id);
          } catch (error) {
            toast.error(describe(error));
          }
        }}
      />
    </div>
  );
}
