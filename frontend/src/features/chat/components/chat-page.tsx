/** The chat: header, log, composer, and the panel with artifacts. One page for the new chat and for a stored one. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { MessageSquareOff } from 'lucide-react';
import { type DragEvent, lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { api } from '@/api/client';
import { describe, Problem } from '@/api/problem';
import { conversationQuery, meQuery } from '@/api/queries';
import type { ArtifactRef, Message } from '@/api/types';
import { Button } from '@/components/ui/button';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { BudgetBanner } from '@/features/costs';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { useChatOptions } from '../hooks/use-chat-options';
import { useDraft } from '../hooks/use-draft';
import {
  discard,
  load,
  loadOlder,
  resend,
  send,
  show,
  stop,
  switchTo,
  whenConversationStarts,
} from '../model/actions';
import { type Row, rowsOf } from '../model/rows';
import type { LiveArtifact } from '../model/run-reducer';
import { watchOnly } from '../model/runs';
import { blank, conversationState, NEW, useChat } from '../model/store';
import { pathTo, siblingsOf } from '../model/tree';
import { AssistantMessage } from './assistant-message';
import { ChatHeader } from './chat-header';
import { Composer } from './composer';
import { MessageList } from './message-list';
import { OfflineBanner } from './offline-banner';
import { PendingMessage, UserMessage } from './user-message';
import { Greeting, Suggestions } from './welcome';

const RequestAccess = lazy(async () => ({ default: (await import('@/features/access')).RequestAccess }));
const ArtifactPanel = lazy(async () => ({ default: (await import('@/features/artifacts')).ArtifactPanel }));

const report = (error: unknown) => void toast.error(describe(error));
const noArtifacts: LiveArtifact[] = [];

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer.types.includes('Files');
}

export function ChatPage({ conversationId }: { conversationId: string | null }) {
  const where = conversationId ?? NEW;
  const navigate = useNavigate();
  const input = useRef<HTMLTextAreaElement>(null);
  const [panel, setPanel] = useState<{ open: boolean; artifactId: string | null }>({
    open: false,
    artifactId: null,
  });
  const [dragging, setDragging] = useState(false);
  const depth = useRef(0);

  const { data: me } = useQuery(meQuery);
  const { data: row } = useQuery({ ...conversationQuery(where), enabled: conversationId !== null });
  const state = useChat((all) => all.conversations[where] ?? blank);
  const options = useChatOptions(conversationId);
  const draft = useDraft(where);
  const rows = useMemo(() => rowsOf(state), [state]);

  useEffect(() => {
    show(conversationId);
    watchOnly(conversationId);
    if (conversationId) load(conversationId).catch(report);
    return () => {
      show(null);
      watchOnly(null);
    };
  }, [conversationId]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a panel belongs to its conversation
  useEffect(() => setPanel({ open: false, artifactId: null }), [conversationId]);

  // A permalink names a version; it comes after the reset above, or that would close it again.
  const { artifact: linked } = useSearch({ strict: false });
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  useEffect(() => {
    if (linked) setPanel({ open: true, artifactId: linked });
  }, [linked, conversationId]);

  useEffect(() => {
    whenConversationStarts((id) =>
      navigate({ to: '/c/$conversationId', params: { conversationId: id }, replace: true }),
    );
  }, [navigate]);

  useEffect(() => {
    document.title = row?.title ? `${row.title} · Conductor` : 'Conductor';
  }, [row?.title]);

  // What runs of this conversation write right now.
  const live = useChat(
    useShallow((all) => {
      const found: LiveArtifact[] = [];
      for (const line of rows) {
        const run =
          line.kind === 'message' && line.message.run_id ? all.runs[line.message.run_id] : undefined;
        // What a stopped run left unfinished is written by nobody any more.
        if (run) found.push(...run.artifacts.filter((artifact) => artifact.done || !run.finished));
      }
      return found.length > 0 ? found : noArtifacts;
    }),
  );
  // An artifact that begins while this page is open shows itself; those of earlier visits wait for a click.
  const known = useRef<{ where: string; ids: Set<string> } | null>(null);
  useEffect(() => {
    const ids = new Set(live.map((artifact) => artifact.artifact_id));
    const before = known.current?.where === where ? known.current.ids : ids;
    known.current = { where, ids };
    const begun = live.findLast((artifact) => !before.has(artifact.artifact_id));
    if (begun && window.matchMedia('(min-width: 1024px)').matches) {
      setPanel({ open: true, artifactId: begun.artifact_id });
    }
  }, [live, where]);

  const leaf = rows.at(-1);
  const leafRun = leaf?.kind === 'message' ? leaf.message.run_id : null;
  const leafView = useChat((all) => (leafRun ? all.runs[leafRun]?.status : undefined));
  const leafFinished = useChat((all) => Boolean(leafRun && all.runs[leafRun]?.finished));
  const leafActive =
    leaf?.kind === 'message' &&
    (leaf.message.status === 'streaming' || leaf.message.status === 'waiting') &&
    !leafFinished;
  const waiting = leafView
    ? leafView === 'waiting'
    : leaf?.kind === 'message' && leaf.message.status === 'waiting';
  const sending = state.pending.some((item) => item.status === 'sending');
  const artifactCount = new Set(
    rows.flatMap((line) =>
      line.kind === 'message' ? line.message.artifacts.map((item) => item.identifier) : [],
    ),
  ).size;

  // Announced once per change, never per token.
  const spoken = leafActive
    ? t('Generating')
    : leaf?.kind === 'message' && rows.length > 1
      ? t('Response complete')
      : '';

  const openArtifact = useCallback((artifact: ArtifactRef) => {
    setPanel({ open: true, artifactId: artifact.artifact_id });
  }, []);

  const branch = useCallback(
    (message: Message) => {
      api
        .post(`/api/conversations/${message.conversation_id}/branch`, {
          message_id: message.id,
        })
        .then((created) => navigate({ to: '/c/$conversationId', params: { conversationId: created.id } }))
        .catch(report);
    },
    [navigate],
  );

  const switchVersion = (messageId: string | null, step: -1 | 1) => {
    const now = conversationState(where);
    const path = pathTo(now.nodes, now.leafId);
    const message =
      path.find((candidate) => candidate.id === messageId && siblingsOf(now.nodes, candidate).length > 1) ??
      path.findLast((candidate) => siblingsOf(now.nodes, candidate).length > 1);
    if (!message) return;
    const siblings = siblingsOf(now.nodes, message);
    const next = siblings[siblings.indexOf(message.id) + step];
    if (next) switchTo(message, next).catch(report);
  };

  const renderRow = (line: Row) => {
    if (line.kind === 'pending') {
      const { pending } = line;
      return (
        <PendingMessage
          pending={pending}
          onRetry={() => resend(where, pending.key)}
          onDiscard={() => discard(where, pending.key)}
          onEdit={() => {
            discard(where, pending.key);
            draft.restore(pending.content, [...pending.images, ...pending.attachments]);
            input.current?.focus();
          }}
        />
      );
    }
    if (line.kind === 'awaited') {
      return (
        <div className="flex items-center gap-2 text-text-3 text-xs">
          <span className="dot pulse ml-1" />
          {t('thinking')}
        </div>
      );
    }
    if (line.message.role === 'user') return <UserMessage message={line.message} siblings={line.siblings} />;
    if (line.message.role === 'system') {
      return <p className="text-center text-sm text-text-3">{line.message.content}</p>;
    }
    return (
      <AssistantMessage
        message={line.message}
        siblings={line.siblings}
        agents={options.agents}
        models={options.models}
        onOpenArtifact={openArtifact}
        onBranch={branch}
      />
    );
  };

  const missing = state.phase === 'failed' && state.error instanceof Problem && state.error.status === 404;
  const empty = conversationId === null && rows.length === 0;
  const loading =
    conversationId !== null && (state.phase === 'empty' || state.phase === 'loading') && rows.length === 0;

  return (
    <div className="flex h-full min-h-0">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: files may be dropped anywhere on the chat */}
      <div
        className="relative flex min-w-0 flex-1 flex-col"
        onDragEnter={(event) => {
          if (!hasFiles(event)) return;
          depth.current += 1;
          setDragging(true);
        }}
        onDragLeave={() => {
          depth.current = Math.max(0, depth.current - 1);
          if (depth.current === 0) setDragging(false);
        }}
        onDragOver={(event) => hasFiles(event) && event.preventDefault()}
        onDrop={(event) => {
          depth.current = 0;
          setDragging(false);
          if (!hasFiles(event)) return;
          event.preventDefault();
          draft.addFiles(event.dataTransfer.files);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setDragging(false);
        }}
      >
        <ChatHeader
          conversation={row}
          agentName={options.agent?.name ?? null}
          agentId={options.agent?.id ?? null}
          artifactCount={artifactCount}
          panelOpen={panel.open}
          onPanel={() => setPanel((now) => ({ open: !now.open, artifactId: now.artifactId }))}
        />
        {missing ? (
          <div className="grid flex-1 place-content-center">
            <EmptyState
              icon={<MessageSquareOff />}
              title={t('This conversation does not exist')}
              action={
                <div className="flex flex-wrap items-center justify-center gap-2">
                  <Button variant="outline" onClick={() => navigate({ to: '/' })}>
                    {t('New chat')}
                  </Button>
                  <Suspense>
                    <RequestAccess resource={{ kind: 'conversation', id: where }} />
                  </Suspense>
                </div>
              }
            >
              {t('It was deleted, or it belongs to somebody else, whom you can ask to let you in.')}
            </EmptyState>
          </div>
        ) : state.phase === 'failed' && rows.length === 0 ? (
          <div className="grid flex-1 place-content-center">
            <ErrorState
              title={t('The conversation could not be loaded')}
              error={state.error}
              onRetry={() => conversationId && load(conversationId)}
            />
          </div>
        ) : empty ? (
          <div className="grid flex-1 content-end pb-8">
            <Greeting name={me?.user.first_name || me?.user.name || ''} />
          </div>
        ) : loading ? (
          <div className="mx-auto w-full max-w-[704px] flex-1 px-4 pt-8">
            <SkeletonRows rows={6} />
          </div>
        ) : (
          <MessageList
            key={where}
            rows={rows}
            renderRow={renderRow}
            follow={me?.user.preferences.follow_output !== false}
            hasOlder={state.olderCursor !== null}
            loadingOlder={state.loadingOlder}
            onOlder={() => conversationId && loadOlder(conversationId).catch(report)}
            onSwitchVersion={switchVersion}
          />
        )}
        <p className="sr-only" role="status">
          {spoken}
        </p>
        {!missing && (
          <>
            <OfflineBanner />
            <BudgetBanner />
            <Composer
              inputRef={input}
              draft={draft}
              options={options}
              sendOn={me?.user.preferences.send_on === 'mod_enter' ? 'mod_enter' : 'enter'}
              runId={leafActive ? (leafRun ?? null) : null}
              blocked={(leafActive && !waiting) || sending}
              usedTokens={row?.token_count ?? 0}
              onSend={(outgoing) => void send(where, outgoing)}
              onStop={() => leafRun && stop(leafRun).catch(report)}
            />
          </>
        )}
        {empty && (
          <div className="flex-[1.2] overflow-y-auto pb-4">
            <Suggestions
              models={options.models}
              onPick={(text) => {
                draft.setText(text);
                input.current?.focus();
              }}
            />
          </div>
        )}
        {dragging && (
          <div className="pointer-events-none absolute inset-3 z-10 grid place-content-center rounded-lg border-2 border-accent border-dashed bg-bg/90 text-center">
            <p className="title">{t('Drop to attach')}</p>
            <p className="mt-1 text-text-2">{t('Images and documents, up to 25 MB each')}</p>
          </div>
        )}
      </div>
      {panel.open && conversationId && (
        <aside
          aria-label={t('Artifacts')}
          className={cx(
            'flex min-h-0 flex-col border-border border-l bg-rail',
            'fixed inset-0 z-30 md:inset-y-0 md:right-0 md:left-auto md:w-[min(520px,80vw)] md:shadow-3',
            'lg:static lg:w-[var(--w-panel)] lg:shrink-0 lg:shadow-none',
          )}
        >
          <Suspense fallback={<SkeletonRows className="p-6" rows={5} />}>
            <ArtifactPanel
              conversationId={conversationId}
              openArtifactId={panel.artifactId}
              live={live}
              onClose={() => setPanel({ open: false, artifactId: null })}
              onReprompt={(text) => {
                draft.setText(text);
                input.current?.focus();
              }}
            />
          </Suspense>
        </aside>
      )}
    </div>
  );
}
