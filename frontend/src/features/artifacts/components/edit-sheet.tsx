/** Editing by hand. A save is one new version or one clear reason why not; the text is never lost on the way. */
import { useQueryClient } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { describe, Problem } from '@/api/problem';
import type { Artifact } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Notice, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { conversationArtifacts, useSaveArtifact } from '../queries';

const CodeEditor = lazy(() => import('./code-editor'));

interface Props {
  conversationId: string;
  latest: Artifact;
  language: string;
  onDone: () => void;
}

export function EditSheet({ conversationId, latest, language, onDone }: Props) {
  const client = useQueryClient();
  const save = useSaveArtifact(conversationId);
  // What was there when editing began: a version that arrives meanwhile must not replace the text being typed.
  const [base, setBase] = useState(latest);
  const [title, setTitle] = useState(latest.title);
  const [text, setText] = useState(latest.content);
  const stale = save.error instanceof Problem && save.error.status === 412;
  const unchanged = save.error instanceof Problem && save.error.code === 'artifact_unchanged';

  const submit = (onto: Artifact) => {
    if (save.isPending || title.trim() === '') return;
    save.mutate(
      { latest: onto, content: text, ...(title.trim() === onto.title ? {} : { title: title.trim() }) },
      { onSuccess: onDone },
    );
  };
  const overwrite = async () => {
    const list = await client.fetchQuery({ ...conversationArtifacts(conversationId), staleTime: 0 });
    const newest = list.find((artifact) => artifact.identifier === latest.identifier) ?? latest;
    setBase(newest);
    submit(newest);
  };

  return (
    <form
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(event) => {
        event.preventDefault();
        submit(base);
      }}
    >
      <div className="artifact-tools">
        <label className="field min-w-0 flex-1">
          <span className="sr-only">{t('Title')}</span>
          <input value={title} required maxLength={200} onChange={(event) => setTitle(event.target.value)} />
        </label>
        <Button onClick={onDone}>{t('Cancel')}</Button>
        <Button type="submit" variant="primary" busy={save.isPending}>
          {t('Save version')}
        </Button>
      </div>
      {save.isError && (
        <div className="px-4 pb-3">
          <Notice
            tone={unchanged ? 'warn' : 'err'}
            icon={<TriangleAlert size={16} />}
            action={
              stale ? (
                <Button size="xs" variant="outline" onClick={() => void overwrite()}>
                  {t('Save over it')}
                </Button>
              ) : undefined
            }
          >
            {unchanged
              ? t('Nothing was changed, so no version was made.')
              : stale
                ? t('A newer version was saved meanwhile. Your text is still here.')
                : describe(save.error)}
          </Notice>
        </div>
      )}
      <div className="artifact-sheet" data-form="edit">
        <Suspense
          fallback={
            <div className="p-6">
              <SkeletonRows rows={8} />
            </div>
          }
        >
          <CodeEditor
            value={text}
            language={language}
            label={t('Source of {{title}}', { title: latest.title })}
            onChange={setText}
            onSave={() => submit(base)}
          />
        </Suspense>
      </div>
    </form>
  );
}
