/** Says that an older version is in view, and makes it the newest on request. */
import { History } from 'lucide-react';
import { describe, Problem } from '@/api/problem';
import type { Artifact } from '@/api/types';
import { Button } from '@/components/ui/button';
import { t } from '@/lib/i18n';
import { useSaveArtifact } from '../queries';

interface Props {
  conversationId: string;
  old: Artifact;
  latest: Artifact;
  onRestored: () => void;
  onCompare: () => void;
}

export function RestoreNotice({ conversationId, old, latest, onRestored, onCompare }: Props) {
  const save = useSaveArtifact(conversationId);
  const unchanged = save.error instanceof Problem && save.error.code === 'artifact_unchanged';
  return (
    <div className="artifact-old" role="status">
      <History size={16} aria-hidden="true" className="flex-none text-text-3" />
      <p className="min-w-0 flex-1">
        {save.isError ? (
          <span className="text-err" role="alert">
            {unchanged
              ? t('Version {{version}} holds the same text as the newest, so no version was made.', {
                  version: old.version,
                })
              : describe(save.error)}
          </span>
        ) : (
          t('You see version {{version}}. The newest is {{latest}}.', {
            version: old.version,
            latest: latest.version,
          })
        )}
      </p>
      {old.version > 1 && (
        <Button size="xs" onClick={onCompare}>
          {t('Changes')}
        </Button>
      )}
      <Button
        size="xs"
        variant="outline"
        busy={save.isPending}
        onClick={() =>
          save.mutate({ latest, content: old.content, title: old.title }, { onSuccess: onRestored })
        }
      >
        {t('Restore')}
      </Button>
    </div>
  );
}
