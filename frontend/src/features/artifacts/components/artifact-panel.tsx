/**
 * The panel beside the chat: one tab per artifact, its versions, and the sheet that shows, edits or compares them.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Expand, FileText, Minimize2, X } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { TypeIcon } from '@/components/shared/artifact-kind';
import { Classification, isSensitive } from '@/components/ui/badges';
import { IconButton } from '@/components/ui/button';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import type { LiveArtifact } from '../model/artifact';
import { findTab, mergeTabs, type Tab } from '../model/tabs';
import { artifactById, artifactKeys, conversationArtifacts } from '../queries';
import { ArtifactView } from './artifact-view';
import '../artifacts.css';
import '@/styles/tabs.css';

export interface ArtifactPanelProps {
  conversationId: string;
  /** The version that was asked for; it also chooses the tab. */
  openArtifactId?: string | null;
  /** What the running answer is writing. */
  live?: LiveArtifact | LiveArtifact[] | null;
  onClose: () => void;
  /** Puts a request about the artifact into the composer. */
  onReprompt: (text: string) => void;
  /** Tells which version is in view, so that the address can follow. */
  onOpen?: (artifactId: string) => void;
}

export function ArtifactPanel({
  conversationId,
  openArtifactId,
  live,
  onClose,
  onReprompt,
  onOpen,
}: ArtifactPanelProps) {
  const client = useQueryClient();
  const stored = useQuery(conversationArtifacts(conversationId));
  const writing = useMemo(() => (Array.isArray(live) ? live : live ? [live] : []), [live]);
  const tabs = useMemo(() => mergeTabs(stored.data ?? [], writing), [stored.data, writing]);

  // An older version is in no list of newest ones: ask for it by its id, to learn whose it is.
  const named = findTab(tabs, openArtifactId);
  const asked = useQuery({
    ...artifactById(openArtifactId ?? ''),
    enabled: Boolean(openArtifactId) && !named && stored.isSuccess,
  });
  const [chosen, setChosen] = useState<string>();
  const wanted = findTab(tabs, openArtifactId, asked.data?.identifier);
  const tab = tabs.find((candidate) => candidate.identifier === chosen) ?? wanted ?? tabs.at(-1);
  const [full, setFull] = useState(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new request from the chat wins over the tab chosen before
  useEffect(() => setChosen(undefined), [openArtifactId, conversationId]);

  const finished = writing
    .filter((artifact) => artifact.done)
    .map((artifact) => artifact.artifact_id)
    .join();
  useEffect(() => {
    if (finished) void client.invalidateQueries({ queryKey: artifactKeys.ofConversation(conversationId) });
  }, [finished, client, conversationId]);

  useEffect(() => {
    if (!full) return;
    const leave = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) setFull(false);
    };
    window.addEventListener('keydown', leave);
    return () => window.removeEventListener('keydown', leave);
  }, [full]);

  return (
    <section className={cx('artifacts', full && 'artifacts-full')} aria-label={t('Artifacts')}>
      <header className="artifacts-bar">
        <Tabs tabs={tabs} selected={tab?.identifier} onSelect={setChosen} />
        {isSensitive(tab?.latest?.data_classification) && (
          <Classification level={tab.latest.data_classification} />
        )}
        <IconButton
          label={full ? t('Leave full screen') : t('Full screen')}
          side="bottom"
          onClick={() => setFull(!full)}
        >
          {full ? <Minimize2 size={18} /> : <Expand size={18} />}
        </IconButton>
        <IconButton label={t('Close panel')} side="bottom" onClick={onClose}>
          <X size={18} />
        </IconButton>
      </header>
      {tab ? (
        <ArtifactView
          key={`${conversationId}/${tab.identifier}`}
          conversationId={conversationId}
          tab={tab}
          openId={openArtifactId}
          onReprompt={onReprompt}
          onOpen={onOpen}
        />
      ) : stored.isPending ? (
        <div className="artifact-sheet p-6">
          <SkeletonRows rows={6} />
        </div>
      ) : stored.isError ? (
        <ErrorState
          title={t('The artifacts could not be loaded')}
          error={stored.error}
          onRetry={() => void stored.refetch()}
        />
      ) : (
        <EmptyState icon={<FileText />} title={t('No artifacts yet')}>
          {t('Pages, drawings, documents and longer code that an answer creates will appear here.')}
        </EmptyState>
      )}
    </section>
  );
}

function Tabs({
  tabs,
  selected,
  onSelect,
}: {
  tabs: Tab[];
  selected: string | undefined;
  onSelect: (identifier: string) => void;
}) {
  useEffect(() => {
    if (selected)
      document
        .getElementById(`artifact-tab-${selected}`)
        ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [selected]);
  if (tabs.length < 2) {
    return <h2 className="h min-w-0 flex-1 truncate text-[0.9375rem]">{t('Artifacts')}</h2>;
  }
  const move = (step: number) => {
    const at = tabs.findIndex((tab) => tab.identifier === selected);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    onSelect(next.identifier);
    document.getElementById(`artifact-tab-${next.identifier}`)?.focus();
  };
  return (
    <div className="tabs min-w-0 flex-1" role="tablist" aria-label={t('Artifacts')}>
      {tabs.map((tab) => (
        <button
          key={tab.identifier}
          id={`artifact-tab-${tab.identifier}`}
          type="button"
          role="tab"
          className="gap-1.5"
          aria-selected={tab.identifier === selected}
          tabIndex={tab.identifier === selected ? 0 : -1}
          onClick={() => onSelect(tab.identifier)}
          onKeyDown={(event) => {
            if (event.key === 'ArrowRight') move(1);
            else if (event.key === 'ArrowLeft') move(-1);
          }}
        >
          <TypeIcon type={tab.type} size={15} />
          <span className="max-w-[16ch] truncate">{tab.title}</span>
          {tab.live && !tab.live.done && <span className="dot pulse" aria-hidden="true" />}
        </button>
      ))}
    </div>
  );
}
