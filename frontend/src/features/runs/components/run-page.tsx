/** One run as it happened: its facts, and its events in order, live while it goes on. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowUpRight, ChevronRight, History, Square } from 'lucide-react';
import { useMemo, useState } from 'react';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { runQuery } from '@/api/queries';
import type { RunEvent } from '@/api/types';
import { useRunEvents } from '@/api/use-run-events';
import { PageHeader } from '@/components/layout/page-header';
import { Classification } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { JsonView } from '@/components/ui/json-view';
import { RunStatusPill } from '@/components/ui/run-status';
import { EmptyState, ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { WorkflowRun } from '@/features/workflows';
import { cx } from '@/lib/cx';
import { count, dateTime, duration, preciseClock, price } from '@/lib/format';
import { t } from '@/lib/i18n';
import { runKindName } from '@/lib/names';
import { toast } from '@/lib/toast';
import { type Line, timeline } from '../model/timeline';

const dots = { ok: 'bg-ok', err: 'bg-err', warn: 'bg-warn', info: 'bg-info', plain: 'bg-border-strong' };

function EventLine({ line }: { line: Line }) {
  const [open, setOpen] = useState(false);
  return (
    <li className="relative pl-7">
      <span className={cx('absolute top-[13px] left-[5px] size-2 rounded-full', dots[line.tone])} />
      <button
        type="button"
        className="flex min-h-9 w-full items-baseline gap-3 rounded-md py-1.5 pr-2 text-start hover:bg-hover"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span className="num w-9 shrink-0 text-text-3 text-xs">
          {line.seq === line.last ? line.seq : `${line.seq}–${line.last}`}
        </span>
        <span className={cx('shrink-0 font-medium', line.tone === 'err' && 'text-err')}>{line.title}</span>
        <span className="min-w-0 flex-1 truncate text-sm text-text-2">{line.detail}</span>
        <span className="num hidden shrink-0 text-text-3 text-xs sm:inline">{preciseClock(line.at)}</span>
        <ChevronRight
          size={15}
          className={cx('shrink-0 self-center text-text-3 transition-[rotate]', open && 'rotate-90')}
        />
      </button>
      {open && (
        <div className="mb-2 max-h-96 overflow-auto rounded-md border border-border bg-code p-3">
          <JsonView value={line.events.length === 1 ? line.events[0] : line.events} />
        </div>
      )}
    </li>
  );
}

/** As many lines as are drawn at once; what streams a lot is not slow for it. */
const LINES = 300;

function EventLog({ events }: { events: readonly RunEvent[] }) {
  const [most, setMost] = useState(LINES);
  const lines = useMemo(() => timeline(events), [events]);
  if (lines.length === 0) {
    return (
      <EmptyState icon={<History />} title={t('No events yet')}>
        {t('They appear here as the run goes on.')}
      </EmptyState>
    );
  }
  return (
    <>
      <ol className="relative before:absolute before:top-4 before:bottom-4 before:left-2 before:w-px before:bg-border">
        {lines.slice(0, most).map((line) => (
          <EventLine key={line.seq} line={line} />
        ))}
      </ol>
      {lines.length > most && (
        <Button variant="outline" className="mt-3" onClick={() => setMost(most + 1000)}>
          {t('Show more')}
        </Button>
      )}
    </>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className="label">{label}</dt>
      <dd className="num mt-0.5 truncate">{children}</dd>
    </div>
  );
}

export function RunPage({ runId }: { runId: string }) {
  const { data: run, error, isPending, refetch } = useQuery(runQuery(runId));
  const { events, live, error: refused } = useRunEvents(runId);
  if (error) {
    return (
      <div className="page">
        <ErrorState title={t('The run could not be loaded')} error={error} onRetry={() => refetch()} />
      </div>
    );
  }
  if (isPending) {
    return (
      <div className="page narrow w-full">
        <SkeletonRows rows={6} />
      </div>
    );
  }
  if (run.kind === 'workflow') {
    return (
      <WorkflowRun key={runId} run={run} events={events} error={refused} log={<EventLog events={events} />} />
    );
  }
  const active = ['pending', 'running', 'waiting'].includes(run.status);
  return (
    <div className="page narrow w-full">
      <PageHeader
        title={t('Run')}
        lead={`${runKindName(run.kind)}, ${dateTime(run.created_at)}`}
        actions={
          <>
            {run.conversation_id && (
              <Link
                to="/c/$conversationId"
                params={{ conversationId: run.conversation_id }}
                className="btn out"
              >
                {t('Open the chat')}
                <ArrowUpRight size={15} />
              </Link>
            )}
            {active && (
              <Button
                variant="outline"
                danger
                onClick={() =>
                  api
                    .post(`/api/execute/${runId}/cancel`)
                    .then(() => refetch())
                    .catch((problem: unknown) => toast.error(describe(problem)))
                }
              >
                <Square size={14} fill="currentColor" />
                {t('Stop')}
              </Button>
            )}
          </>
        }
      />
      <dl className="card grid grid-cols-2 gap-4 p-4 sm:grid-cols-3 md:grid-cols-7">
        <div>
          <dt className="label">{t('Status')}</dt>
          <dd className="mt-0.5">
            <RunStatusPill status={run.status} />
          </dd>
        </div>
        <div>
          <dt className="label">{t('Label')}</dt>
          <dd className="mt-0.5">
            <Classification level={run.data_classification} />
          </dd>
        </div>
        <Fact label={t('Took')}>{typeof run.duration_ms === 'number' ? duration(run.duration_ms) : '–'}</Fact>
        <Fact label={t('Model')}>{run.model_name ?? '–'}</Fact>
        <Fact label={t('Tokens read')}>{count(run.input_tokens)}</Fact>
        <Fact label={t('Tokens written')}>{count(run.output_tokens)}</Fact>
        <Fact label={t('Cost')}>{price(run.cost, run.currency)}</Fact>
      </dl>
      {run.error && (
        <Notice tone="err">
          <b className="font-medium">{run.error.title}</b>
          <span className="block text-text-2">{run.error.detail}</span>
        </Notice>
      )}
      <section>
        <h2 className="mb-3 flex items-center gap-3">
          <span className="h text-[0.9375rem]">{t('What happened')}</span>
          <span className="text-sm text-text-3">{t('{{count}} events', { count: events.length })}</span>
          {live && active && <span className="dot pulse" />}
        </h2>
        <EventLog events={events} />
      </section>
    </div>
  );
}
