/** An answer: who gives it, what it did on the way, the text, and what can be done with it. */
import { ArrowDown, ChevronDown, Copy, GitBranch, RotateCcw, Trash2, TriangleAlert } from 'lucide-react';
import { lazy, memo, Suspense, useCallback, useMemo, useState } from 'react';
import { describe } from '@/api/problem';
import type { ArtifactRef, HumanTask, Message, ToolCall } from '@/api/types';
import { TypeIcon, typeName } from '@/components/shared/artifact-kind';
import { AgentBadge, agentColour, Classification, isSensitive } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/confirm';
import { useCopied } from '@/components/ui/copy-button';
import { Menu, MenuGroup, MenuItem } from '@/components/ui/menu';
import { Notice } from '@/components/ui/states';
import { cx } from '@/lib/cx';
import { clock, count } from '@/lib/format';
import { t } from '@/lib/i18n';
import { Markdown } from '@/lib/markdown';
import { toast } from '@/lib/toast';
import type { ChatOptions } from '../hooks/use-chat-options';
import { regenerate, removeMessage, send, switchTo } from '../model/actions';
import { findingsOf } from '../model/findings';
import { pieces } from '../model/pieces';
import { type RunView, withRun } from '../model/run-reducer';
import { useChat } from '../model/store';
import { BranchSwitcher } from './branch-switcher';
import { Thinking } from './thinking';

/** Loaded with the first call; a chat without tools does without. */
const ToolCallCard = lazy(async () => ({ default: (await import('./tool-call-card')).ToolCallCard }));
/** Loaded with the first finding. */
const Findings = lazy(async () => ({ default: (await import('./findings')).Findings }));
/** Loaded with the first question. */
const ApprovalBlock = lazy(async () => ({ default: (await import('./approval-block')).ApprovalBlock }));
/** Loaded with the first call that goes on as a run of its own. */
const QuestionsBelow = lazy(async () => ({ default: (await import('./questions-below')).QuestionsBelow }));

export interface AssistantProps {
  message: Message;
  siblings: string[];
  agents: ChatOptions['agents'];
  models: ChatOptions['models'];
  onOpenArtifact: (artifact: ArtifactRef) => void;
  onBranch: (message: Message) => void;
}

const report = (error: unknown) => void toast.error(describe(error));

/** The word beside the agent's name while it works. */
export function activity(message: Message, run: RunView | undefined, reconnecting: boolean): string {
  if (reconnecting) return t('reconnecting');
  if (message.status === 'waiting') {
    const given = below(message);
    if (given && !message.tool_calls.some(asks)) return t('executing: {{name}}', { name: given.tool });
    const others = message.tool_calls.some((call) => asks(call) && call.human_task.approver_roles?.length);
    return others ? t('waiting for an approval') : t('waiting for you');
  }
  if (run?.step?.kind === 'tool') return t('executing: {{name}}', { name: run.step.name });
  const calling = run?.toolCalls.find((call) => call.status === 'called' || call.status === 'running');
  if (calling) return t('executing: {{name}}', { name: calling.tool });
  if (message.content && (run?.text.length ?? 0) > 0) return t('writing');
  return t('thinking');
}

/** A call that goes on as a run of its own. */
function below(message: Message): ToolCall | undefined {
  return message.tool_calls.find((call) => call.status === 'running' && call.child_run_id);
}

/** A call that stands still until a person answers. */
function asks(call: ToolCall): call is ToolCall & { human_task: HumanTask } {
  return call.status === 'waiting' && call.human_task?.status === 'pending';
}

function ArtifactChip({ artifact, onOpen }: { artifact: ArtifactRef; onOpen: () => void }) {
  return (
    <button
      type="button"
      className="file-chip artifact-chip"
      onClick={onOpen}
      data-artifact={artifact.identifier}
    >
      <TypeIcon type={artifact.artifact_type} />
      <span className="min-w-0">
        <span className="block truncate font-medium">{artifact.title || artifact.identifier}</span>
        <span className="num block text-text-3 text-xs">
          {artifact.language && artifact.artifact_type === 'code'
            ? artifact.language
            : typeName(artifact.artifact_type)}
          {`, ${t('version {{version}}', { version: artifact.version })}`}
        </span>
      </span>
    </button>
  );
}

/** Goes on behind a cut answer, which stays as it is: what was said is part of the model's context. */
function goOn(message: Message): void {
  void send(message.conversation_id, {
    content: t('Continue from where you stopped.'),
    images: [],
    attachments: [],
  });
}

function Failure({
  message,
  onRetry,
  onContinue,
}: {
  message: Message;
  onRetry: () => void;
  onContinue?: () => void;
}) {
  if (message.status === 'failed') {
    return (
      <Notice
        tone="err"
        icon={<TriangleAlert size={17} />}
        action={
          <Button variant="outline" size="xs" className="text-text" onClick={onRetry}>
            <RotateCcw size={14} />
            {t('Retry')}
          </Button>
        }
      >
        <b className="font-medium">{message.error?.title ?? t('The answer failed')}</b>
        {message.error?.detail && <span className="block text-text-2">{message.error.detail}</span>}
      </Notice>
    );
  }
  if (message.status !== 'interrupted' && message.status !== 'cancelled') return null;
  return (
    <div className="flex flex-wrap items-center gap-2 text-sm text-text-3">
      {message.status === 'cancelled'
        ? t('You stopped this answer.')
        : t('The server stopped during this answer.')}
      <Button variant="outline" size="xs" onClick={onRetry}>
        <RotateCcw size={14} />
        {t('Retry')}
      </Button>
      {onContinue && (
        <Button variant="outline" size="xs" onClick={onContinue}>
          <ArrowDown size={14} />
          {t('Continue')}
        </Button>
      )}
    </div>
  );
}

export const AssistantMessage = memo(function AssistantMessage({
  message: stored,
  siblings,
  agents,
  models,
  onOpenArtifact,
  onBranch,
}: AssistantProps) {
  const run = useChat((state) => (stored.run_id ? state.runs[stored.run_id] : undefined));
  const reconnecting = useChat((state) => Boolean(stored.run_id && state.reconnecting[stored.run_id]));
  const isLast = useChat((state) => state.conversations[stored.conversation_id]?.leafId === stored.id);
  const message = useMemo(() => withRun(stored, run), [stored, run]);
  const [copied, copy] = useCopied();
  const [deleting, setDeleting] = useState(false);
  const streaming = message.status === 'streaming';
  const live = streaming || message.status === 'waiting';
  const agent = agents.find((candidate) => candidate.id === message.agent_id);
  const name = agent?.name ?? message.agent_name ?? t('Assistant');
  const { artifacts } = message;

  const renderArtifact = useCallback(
    (identifier: string) => {
      const artifact = artifacts.findLast((candidate) => candidate.identifier === identifier);
      if (!artifact) return null;
      return <ArtifactChip artifact={artifact} onOpen={() => onOpenArtifact(artifact)} />;
    },
    [artifacts, onOpenArtifact],
  );
  const loose = artifacts.filter((artifact) => !message.content.includes(artifact.identifier));
  const again = (other?: { agentId?: string; model?: string }) => regenerate(message, other).catch(report);
  const colour = { '': 'var(--agent-blue)', green: 'var(--agent-green)', purple: 'var(--agent-purple)' }[
    agentColour(message.agent_id ?? name)
  ];
  const findings = findingsOf(message.metadata);
  const doing = live ? activity(message, run, reconnecting) : '';
  const total = message.tokens ? message.tokens.input + message.tokens.output : 0;

  return (
    <article
      className="group grid grid-cols-[minmax(0,1fr)] gap-4 text-body leading-[var(--lh-body)]"
      aria-busy={live}
      data-status={message.status}
    >
      <header className="-mb-1 flex items-center gap-2 text-xs leading-[1.4]">
        <AgentBadge name={name} id={message.agent_id ?? name} title={agent?.description} />
        {live ? (
          <span className="flex items-center gap-2 text-text-3">
            {streaming && (
              <span
                className="dot pulse ml-1"
                style={
                  {
                    '--c': doing.startsWith('executing') ? 'var(--node-agent)' : colour,
                  } as React.CSSProperties
                }
              />
            )}
            <span className="truncate">{doing}</span>
          </span>
        ) : (
          <span className="num text-text-3">{clock(message.created_at)}</span>
        )}
        {isSensitive(message.data_classification) && <Classification level={message.data_classification} />}
        {run?.routing?.weighed && (
          <span className="hidden truncate text-text-3 sm:inline" title={run.routing.reason}>
            {t('auto-routed')}
          </span>
        )}
      </header>
      {run?.notices.map((notice) => (
        <p key={notice} className="-mt-2 text-sm text-text-3">
          {notice}
        </p>
      ))}
      {message.thinking && (
        <Thinking
          text={message.thinking}
          active={live && !message.content && message.tool_calls.length === 0}
        />
      )}
      {pieces(message).map((piece) =>
        piece.kind === 'text' ? (
          <div
            key={`text-${piece.at}`}
            className={streaming && piece.last ? 'streaming' : undefined}
            data-testid="answer"
          >
            <Markdown text={piece.text} streaming={streaming && piece.last} renderArtifact={renderArtifact} />
          </div>
        ) : (
          piece.calls.map((call) =>
            asks(call) ? (
              <Suspense key={call.call_id} fallback={<div className="card min-h-40" />}>
                <ApprovalBlock task={call.human_task} />
              </Suspense>
            ) : (
              <Suspense key={call.call_id} fallback={<div className="card min-h-11" />}>
                <ToolCallCard call={call} live={live} />
              </Suspense>
            ),
          )
        ),
      )}
      {message.run_id && below(message) && (
        <Suspense fallback={null}>
          <QuestionsBelow runId={message.run_id} />
        </Suspense>
      )}
      {streaming && !message.content && message.tool_calls.length === 0 && (
        <span className="caret" aria-hidden="true" />
      )}
      {findings.length > 0 && (
        <Suspense fallback={null}>
          <Findings findings={findings} />
        </Suspense>
      )}
      {loose.length > 0 && (
        <div className="flex flex-wrap gap-2">
          {loose.map((artifact) => (
            <ArtifactChip
              key={artifact.artifact_id}
              artifact={artifact}
              onOpen={() => onOpenArtifact(artifact)}
            />
          ))}
        </div>
      )}
      <Failure
        message={message}
        onRetry={() => again()}
        onContinue={isLast && message.content ? () => goOn(message) : undefined}
      />
      {!live && (
        <div className="-mt-1.5 -ml-1.5 flex items-center text-text-3 text-xs">
          <IconButton
            small
            label={copied ? t('Copied') : t('Copy answer')}
            onClick={() => copy(message.content)}
          >
            <Copy size={15} />
          </IconButton>
          <IconButton small label={t('Regenerate')} onClick={() => again()}>
            <RotateCcw size={15} />
          </IconButton>
          <Menu
            trigger={
              <IconButton small className="-ml-1.5 w-6!" label={t('Regenerate with another agent or model')}>
                <ChevronDown size={13} />
              </IconButton>
            }
          >
            <MenuGroup label={t('Another agent')}>
              {agents
                .filter((candidate) => candidate.id !== message.agent_id)
                .map((candidate) => (
                  <MenuItem key={candidate.id} onSelect={() => again({ agentId: candidate.id })}>
                    <span className="truncate">{candidate.name}</span>
                  </MenuItem>
                ))}
            </MenuGroup>
            <MenuGroup label={t('Another model')}>
              {models
                .filter((candidate) => candidate.available && candidate.id !== message.model)
                .map((candidate) => (
                  <MenuItem key={candidate.id} onSelect={() => again({ model: candidate.id })}>
                    <span className="truncate">{candidate.display_name}</span>
                  </MenuItem>
                ))}
            </MenuGroup>
          </Menu>
          <IconButton small label={t('New chat from here')} onClick={() => onBranch(message)}>
            <GitBranch size={15} />
          </IconButton>
          <IconButton small label={t('Delete answer')} onClick={() => setDeleting(true)}>
            <Trash2 size={15} />
          </IconButton>
          <BranchSwitcher
            siblings={siblings}
            current={message.id}
            onSwitch={(id) => switchTo(message, id).catch(report)}
          />
          <span className="flex-1" />
          {total > 0 && (
            <span
              className={cx('num truncate', siblings.length > 1 && 'max-sm:hidden')}
              title={t('{{input}} in, {{output}} out', {
                input: count(message.tokens?.input ?? 0),
                output: count(message.tokens?.output ?? 0),
              })}
            >
              {[
                message.model,
                `${count(total)} ${t('tokens')}`,
                message.cost && Number(message.cost) > 0 && `$${Number(message.cost).toFixed(4)}`,
              ]
                .filter(Boolean)
                .join(', ')}
            </span>
          )}
        </div>
      )}
      <ConfirmDialog
        open={deleting}
        onClose={() => setDeleting(false)}
        title={t('Delete this answer?')}
        description={t('What follows it is deleted too. Other versions stay.')}
        confirm={t('Delete')}
        onConfirm={() => removeMessage(message).catch(report)}
      />
    </article>
  );
});
