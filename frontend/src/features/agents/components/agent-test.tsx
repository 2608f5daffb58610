/** Tries the saved agent with one input and shows the run as it happens. */
import { Link } from '@tanstack/react-router';
import { Check, Clock, Play, Plug, Square, TriangleAlert, X } from 'lucide-react';
import { useEffect, useReducer, useRef, useState } from 'react';
import { describe } from '@/api/problem';
import { follow } from '@/api/run-stream';
import type { Agent, RunEvent } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { TextArea } from '@/components/ui/field';
import { JsonView } from '@/components/ui/json-view';
import { RunStatusPill } from '@/components/ui/run-status';
import { Notice } from '@/components/ui/states';
import { count, duration } from '@/lib/format';
import { t } from '@/lib/i18n';
import { Markdown } from '@/lib/markdown';
import { fold, isFinished, NEW_RUN, type TestCall, type TestRun } from '../model/test-run';
import { cancelRun, useTestAgent } from '../queries';

type Action = RunEvent | 'reset';

const reduce = (run: TestRun, action: Action): TestRun => (action === 'reset' ? NEW_RUN : fold(run, action));

export function AgentTest({ agent }: { agent: Agent }) {
  const [input, setInput] = useState('');
  const [runId, setRunId] = useState<string>();
  const [lost, setLost] = useState<unknown>();
  const [run, dispatch] = useReducer(reduce, NEW_RUN);
  const start = useTestAgent(agent.id);
  const stream = useRef<{ close: () => void }>(null);
  useEffect(() => () => stream.current?.close(), []);

  const running = runId !== undefined && !isFinished(run) && lost === undefined;
  const go = () => {
    if (input.trim() === '' || running || start.isPending) return;
    stream.current?.close();
    setLost(undefined);
    setRunId(undefined);
    dispatch('reset');
    start.mutate(input, {
      onSuccess: (answer) => {
        setRunId(answer.run.id);
        stream.current = follow<RunEvent>({
          path: `/api/runs/${answer.run.id}/events`,
          onEvent: dispatch,
          isLast: (event) => event.type === 'run.finished',
          onState: (state, error) => {
            if (state === 'closed' && error !== undefined) setLost(error);
          },
        });
      },
    });
  };

  return (
    <div className="grid grid-cols-1 gap-5">
      <form
        className="grid grid-cols-1 gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <TextArea
          label={t('Sample input')}
          hint={t('The run uses version {{version}} as it is saved. It costs tokens and calls real tools.', {
            version: agent.current_version,
          })}
          rows={3}
          value={input}
          onChange={(event) => setInput(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && !event.nativeEvent.isComposing)
              go();
          }}
        />
        <div className="flex gap-2">
          <Button
            type="submit"
            variant="primary"
            busy={start.isPending}
            disabled={running || input.trim() === ''}
          >
            {!start.isPending && <Play size={15} />}
            {t('Run test')}
          </Button>
          {running && runId && (
            <Button variant="outline" onClick={() => void cancelRun(runId).catch(setLost)}>
              <Square size={13} fill="currentColor" />
              {t('Stop')}
            </Button>
          )}
        </div>
      </form>
      {start.isError && (
        <Notice tone="err" icon={<TriangleAlert size={16} />}>
          {describe(start.error)}
        </Notice>
      )}
      {runId && <Result run={run} runId={runId} lost={lost} />}
    </div>
  );
}

function Result({ run, runId, lost }: { run: TestRun; runId: string; lost: unknown }) {
  const finished = isFinished(run);
  return (
    <section className="card" aria-label={t('Test run')}>
      <header className="flex flex-wrap items-center gap-3 border-border border-b px-4 py-3">
        <h3 className="h flex-1">{t('Test run')}</h3>
        {run.tokens && (
          <span className="num text-xs text-text-3">
            {t('{{in}} in, {{out}} out', { in: count(run.tokens.input), out: count(run.tokens.output) })}
          </span>
        )}
        <span role="status">
          <RunStatusPill status={run.status} />
        </span>
        <Link to="/runs/$runId" params={{ runId }} className="link text-sm">
          {t('Timeline')}
        </Link>
      </header>
      <div className="grid grid-cols-1 gap-4 p-5">
        {run.thinking && (
          <details>
            <summary className="text-sm text-text-3">{t('Thinking')}</summary>
            <div className="mt-2 border-border border-l-2 pl-3 text-sm text-text-2">
              <Markdown text={run.thinking} streaming={!finished} />
            </div>
          </details>
        )}
        {run.calls.map((call) => (
          <Call key={call.id} call={call} />
        ))}
        {run.text ? (
          <div className="text-body">
            <Markdown text={run.text} streaming={!finished} />
          </div>
        ) : (
          !finished && (
            <p className="flex items-center gap-2 text-text-3">
              <span className="dot pulse" aria-hidden="true" />
              {run.status === 'waiting' ? t('Waiting for an approval') : t('Working')}
            </p>
          )
        )}
        {run.status === 'waiting' && (
          <Notice tone="warn" icon={<Clock size={16} />}>
            {t('A tool call waits for a decision.')}{' '}
            <Link to="/inbox" className="link">
              {t('Decide in the inbox')}
            </Link>
          </Notice>
        )}
        {run.error && (
          <Notice tone="err" icon={<TriangleAlert size={16} />}>
            <b className="font-semibold">{run.error.title}</b> {run.error.detail}
          </Notice>
        )}
        {lost !== undefined && (
          <Notice tone="err" icon={<TriangleAlert size={16} />}>
            {describe(lost)}
          </Notice>
        )}
      </div>
    </section>
  );
}

function Call({ call }: { call: TestCall }) {
  return (
    <details className="card">
      <summary className="test-call">
        <Plug size={16} className="text-text-3" aria-hidden="true" />
        <span className="mono min-w-0 flex-1 truncate font-medium">
          {call.tool}
          {call.server && <span className="ml-2 font-sans font-normal text-text-3">{call.server}</span>}
        </span>
        {call.durationMs !== undefined && (
          <span className="num text-xs text-text-3">{duration(call.durationMs)}</span>
        )}
        <CallStatus status={call.status} />
      </summary>
      <div className="grid grid-cols-1 gap-3 border-border border-t p-3">
        <JsonView value={call.arguments} />
        {call.reason && <p className="text-sm text-text-2">{call.reason}</p>}
        {call.content && call.content.length > 0 && (
          <div className="border-border border-t pt-3">
            {call.content.map((block, index) =>
              block.type === 'text' ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: blocks of a result have no identity
                <pre key={index} className="json">
                  {block.text}
                </pre>
              ) : (
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                <JsonView key={index} value={block} />
              ),
            )}
          </div>
        )}
      </div>
    </details>
  );
}

function CallStatus({ status }: { status: TestCall['status'] }) {
  switch (status) {
    case 'done':
      return (
        <Status tone="ok" icon={<Check />}>
          {t('Done')}
        </Status>
      );
    case 'failed':
      return (
        <Status tone="err" icon={<TriangleAlert />}>
          {t('Failed')}
        </Status>
      );
    case 'denied':
      return (
        <Status tone="err" icon={<X />}>
          {t('Denied')}
        </Status>
      );
    case 'waiting':
      return (
        <Status tone="warn" icon={<Clock />}>
          {t('Waiting')}
        </Status>
      );
    case 'called':
      return <Status tone="info">{t('Running')}</Status>;
  }
}
