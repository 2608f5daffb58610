/** One artifact: which version, in which form, and what can be done with it. */
import { useQuery } from '@tanstack/react-query';
import { History, Pencil } from 'lucide-react';
import { useEffect, useState } from 'react';
import { describe } from '@/api/problem';
import type { Artifact } from '@/api/types';
import { TypeIcon, typeName } from '@/components/shared/artifact-kind';
import { Button } from '@/components/ui/button';
import { Segmented } from '@/components/ui/segmented';
import { ErrorState, Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import type { SandboxProblem } from '@/lib/sandbox';
import { hasPreview, sourceLanguage } from '../model/artifact';
import type { Tab } from '../model/tabs';
import { artifactAgent, artifactById, artifactVersions } from '../queries';
import { ArtifactActions } from './artifact-actions';
import { DiffView } from './diff-view';
import { EditSheet } from './edit-sheet';
import { Preview } from './preview';
import { RestoreNotice } from './restore-notice';
import { SourceView } from './source-view';
import { VersionMenu } from './version-menu';

type Form = 'preview' | 'code' | 'changes';

interface Props {
  conversationId: string;
  tab: Tab;
  openId?: string | null | undefined;
  onReprompt: (text: string) => void;
  onOpen?: ((artifactId: string) => void) | undefined;
}

export function ArtifactView({ conversationId, tab, openId, onReprompt, onOpen }: Props) {
  const { latest, live } = tab;
  const versions = useQuery({
    ...artifactVersions(conversationId, tab.identifier, latest?.id ?? '', latest?.version ?? 0),
    enabled: Boolean(latest),
  });
  // No choice, or one that is not of this artifact, means the newest: a new version shows itself.
  const [versionId, setVersionId] = useState<string | undefined>(openId ?? undefined);
  useEffect(() => setVersionId(openId ?? undefined), [openId]);
  const listed = versions.data?.find((version) => version.id === versionId);
  // Without the list, an address of one version still opens that one.
  const single = useQuery({
    ...artifactById(versionId ?? ''),
    enabled: Boolean(versionId) && versions.isError,
  });
  const alone = single.data?.identifier === tab.identifier ? single.data : undefined;
  const chosen: Artifact | undefined = versionId === latest?.id ? latest : (listed ?? alone);
  const old = chosen && latest && chosen.version < latest.version ? chosen : undefined;

  const writing = live !== undefined && !live.done;
  const content = old ? old.content : (live?.text ?? latest?.content ?? '');
  const title = old?.title ?? tab.title;

  const [form, setForm] = useState<Form>(hasPreview(tab.type) ? 'preview' : 'code');
  const [editing, setEditing] = useState(false);
  // A web page in the making is watched as source; a document can be read while it is written.
  const shown: Form = writing && tab.type !== 'text' ? 'code' : form;
  const before = previousOf(versions.data, old ?? latest);

  const choose = (id: string) => {
    setVersionId(id === latest?.id ? undefined : id);
    onOpen?.(id);
  };
  const report = (problem: SandboxProblem) =>
    onReprompt(
      t('The artifact "{{title}}" fails with: {{problem}}. Please fix it.', {
        title,
        problem: problem.message,
      }),
    );

  return (
    <>
      <div className="artifact-head">
        <div className="min-w-0 flex-1">
          <h2 className="h truncate text-[0.9375rem]">{title}</h2>
          <p className="artifact-about">
            <TypeIcon type={tab.type} size={13} />
            <span className="min-w-0 truncate">
              {typeName(tab.type)}
              {latest && <Author artifact={old ?? latest} />}
            </span>
            {writing && (
              <span className="inline-flex items-center gap-1.5" role="status">
                <span className="dot pulse" aria-hidden="true" />
                {t('writing')}
              </span>
            )}
          </p>
        </div>
        {latest && !writing && (
          <VersionMenu latest={latest} versions={versions.data} chosen={old ?? latest} onChoose={choose} />
        )}
        <ArtifactActions
          conversationId={conversationId}
          tab={tab}
          shown={old ?? latest}
          content={content}
          onReprompt={onReprompt}
        />
      </div>
      {!editing && (
        <div className="artifact-tools">
          {hasPreview(tab.type) || before ? (
            <Segmented<Form>
              label={t('View')}
              value={shown === 'changes' && !before ? 'code' : shown}
              onChange={setForm}
              options={[
                ...(hasPreview(tab.type) ? [{ value: 'preview' as const, label: t('Preview') }] : []),
                { value: 'code' as const, label: t('Code') },
                ...(before ? [{ value: 'changes' as const, label: t('Changes') }] : []),
              ]}
            />
          ) : null}
          <span className="flex-1" />
          {latest && !writing && !old && (
            <Button variant="outline" className="text-sm" onClick={() => setEditing(true)}>
              <Pencil size={15} />
              {t('Edit')}
            </Button>
          )}
        </div>
      )}
      {old && latest && !editing && (
        <RestoreNotice
          conversationId={conversationId}
          old={old}
          latest={latest}
          onRestored={() => setVersionId(undefined)}
          onCompare={() => setForm('changes')}
        />
      )}
      {versions.isError && !editing && (
        <div className="px-4 pb-3">
          <Notice tone="warn" icon={<History size={16} />}>
            {t('The earlier versions could not be loaded.')} {describe(versions.error)}
          </Notice>
        </div>
      )}
      {editing && latest ? (
        <EditSheet
          conversationId={conversationId}
          latest={latest}
          language={sourceLanguage(tab.type, tab.language)}
          onDone={() => {
            setEditing(false);
            setVersionId(undefined);
          }}
        />
      ) : (
        <div className="artifact-sheet" data-form={shown}>
          {single.isError ? (
            <ErrorState
              title={t('This version could not be loaded')}
              error={single.error}
              onRetry={() => void single.refetch()}
            />
          ) : shown === 'changes' && before ? (
            <DiffView
              before={before.content}
              after={content}
              label={t('Version {{before}} to {{after}}', {
                before: before.version,
                after: (old ?? latest)?.version,
              })}
            />
          ) : shown === 'preview' ? (
            <Preview
              type={tab.type}
              language={tab.language}
              content={content}
              title={title}
              growing={writing}
              onReport={report}
            />
          ) : (
            <SourceView code={content} language={sourceLanguage(tab.type, tab.language)} growing={writing} />
          )}
        </div>
      )}
    </>
  );
}

/** The version before this one. */
function previousOf(versions: Artifact[] | undefined, of: Artifact | undefined): Artifact | undefined {
  if (!versions || !of) return undefined;
  return versions.filter((version) => version.version < of.version).sort((a, b) => b.version - a.version)[0];
}

function Author({ artifact }: { artifact: Artifact }) {
  const agent = useQuery({ ...artifactAgent(artifact.id), enabled: Boolean(artifact.agent_id) });
  if (!agent.data) return null;
  return <> {t('by {{name}}', { name: agent.data.name })}</>;
}
