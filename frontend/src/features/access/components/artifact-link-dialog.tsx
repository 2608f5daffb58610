/** Public links of one version of an artifact. */
import { Dialog } from '@/components/ui/dialog';
import { t } from '@/lib/i18n';
import PublicLinks from './public-links';

interface Props {
  conversationId: string;
  artifactId: string;
  title: string;
  onClose: () => void;
}

export function ArtifactLinkDialog({ conversationId, artifactId, title, onClose }: Props) {
  return (
    <Dialog open onClose={onClose} title={t('Public links to “{{title}}”', { title })}>
      <PublicLinks conversationId={conversationId} artifactId={artifactId} />
    </Dialog>
  );
}
