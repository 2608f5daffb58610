/** One tool call: what was asked, what came back, and which rule let it through. */
import { Link } from '@tanstack/react-router';
import {
  Check,
  ChevronRight,
  CircleSlash,
  Clock,
  Plug,
  ShieldAlert,
  ShieldCheck,
  TriangleAlert,
} from 'lucide-react';
import { useState } from 'react';
import { type ContentBlock, contentBlocks, type ToolCall } from '@/api/types';
import { Classification, isSensitive, Status } from '@/components/ui/badges';
import { JsonView } from '@/components/ui/json-view';
import { cx } from '@/lib/cx';
import { clock, duration } from '@/lib/format';
import { t } from '@/lib/i18n';
import { decisionName } from '@/lib/names';
import { Findings } from './findings';

const ROWS = 5;
const LINES = 12;

function parsed(text: string): unknown {
  const start = text.trimStart()[0];
  if (start !== '{' && start !== '[') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTable(value: unknown): value is Record<string, unknown>[] {
  if (!Array.isArray(value) || value.length < 2) return false;
  const flat = (row: unknown): row is Record<string, unknown> =>
    row !== null &&
    typeof row === 'object' &&
    !Array.isArray(row) &&
    Object.values(row).every((cell) => cell === null || typeof cell !== 'object');
  const rows = value.filter(flat);
  return rows.length === value.length && Object.keys(rows[0] ?? {}).length <= 6;
}

function ResultTable({ rows }: { rows: Record<string, unknown>[] }) {
  const [all, setAll] = useState(false);
  const columns = Object.keys(rows[0] ?? {});
  return (
    <>
      <div className="overflow-x-auto">
        <table className="num w-full text-sm">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} className="py-0.5 pr-4 text-start font-medium text-text-3 text-xs">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(all ? rows : rows.slice(0, ROWS)).map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a result have no identity
              <tr key={index}>
                {columns.map((column) => (
                  <td key={column} className="py-0.5 pr-4">
                    {String(row[column] ?? '')}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > ROWS && !all && (
        <button type="button" className="mt-1.5 text-accent-text text-xs" onClick={() => setAll(true)}>
          {t('Show all {{count}} rows', { count: rows.length })}
        </button>
      )}
    </>
  );
}

function LongText({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const lines = text.split('\n');
  const long = lines.length > LINES || text.length > 2000;
  return (
    <>
      <pre className="whitespace-pre-wrap break-words text-sm leading-[1.55]">
        {all || !long ? text : `${lines.slice(0, LINES).join('\n').slice(0, 2000)} …`}
      </pre>
      {long && !all && (
        <button type="button" className="mt-1.5 text-accent-text text-xs" onClick={() => setAll(true)}>
          {t('Show all')}
        </button>
      )}
    </>
  );
}

function Block({ block }: { block: ContentBlock }) {
  if (block.type === 'text' && typeof block.text === 'string') {
    const value = parsed(block.text);
    if (isTable(value)) return <ResultTable rows={value} />;
    if (value !== undefined && block.text.length < 4000) return <JsonView value={value} />;
    return <LongText text={block.text} />;
  }
  if (block.type === 'image' && block.data && block.mimeType?.startsWith('image/')) {
    return (
      <img
        src={`data:${block.mimeType};base64,${block.data}`}
        alt={t('Image the tool returned')}
        className="max-h-64 rounded-sm border border-border"
      />
    );
  }
  return <JsonView value={block} />;
}

function State({ call }: { call: ToolCall }) {
  switch (call.status) {
    case 'succeeded':
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
        <Status tone="err" icon={<CircleSlash />}>
          {t('Denied')}
        </Status>
      );
    case 'waiting':
      return (
        <Status tone="warn" icon={<Clock />}>
          {t('Waiting for you')}
        </Status>
      );
    default:
      return (
        <Status tone="info" icon={<span className="spin size-3!" />}>
          {t('Running')}
        </Status>
      );
  }
}

function Decision({ call }: { call: ToolCall }) {
  const task = call.human_task;
  const denied = call.effect === 'deny' || task?.decision === 'deny';
  const words = denied
    ? t('Denied')
    : call.effect === 'approve' && !task?.decision
      ? t('Asked')
      : t('Allowed');
  return (
    <div className="flex flex-wrap items-center gap-x-1.5 gap-y-1 text-sm text-text-2">
      <Status
        tone={denied ? 'err' : task && !task.decision ? 'warn' : 'ok'}
        icon={denied ? <CircleSlash /> : <ShieldCheck />}
      >
        {task?.decision ? decisionName(task.decision) : words}
      </Status>
      {task?.decided_at && <span>{t('by a person at {{time}};', { time: clock(task.decided_at) })}</span>}
      {call.rule_id && (
        <span>
          {t('rule')} <b className="mono font-medium">{call.rule_id}</b>
        </span>
      )}
      {call.reason && <span className="basis-full">{call.reason}</span>}
      {call.ledger === 'ambiguous' && (
        <span className="basis-full text-warn">{t('It is not known whether the call took effect.')}</span>
      )}
    </div>
  );
}

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="grid gap-1 border-border border-t p-3 md:grid-cols-[84px_minmax(0,1fr)] md:gap-0">
      <dt className="text-text-3 text-xs leading-5">{label}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

export function ToolCallCard({ call, live }: { call: ToolCall; live: boolean }) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const bad = call.status === 'failed' || call.status === 'denied';
  const open = chosen ?? (bad || (live && call.status !== 'succeeded'));
  const blocks = contentBlocks(call.content);
  const hasArguments =
    call.arguments !== null && typeof call.arguments === 'object' && Object.keys(call.arguments).length > 0;
  return (
    <section
      className="card overflow-hidden text-ui leading-[var(--lh-ui)]"
      data-tool={call.tool}
      data-status={call.status}
    >
      <button
        type="button"
        className="flex min-h-11 w-full items-center gap-2 px-3 text-start"
        aria-expanded={open}
        onClick={() => setChosen(!open)}
      >
        <ChevronRight
          size={15}
          className={cx('shrink-0 text-text-3 transition-[rotate] duration-200', open && 'rotate-90')}
        />
        <Plug size={17} className="shrink-0 text-text-2" />
        <span className="min-w-0 truncate">
          <b className="mono font-medium">{call.tool}</b>
          {call.server && <span className="ml-2 hidden text-sm text-text-3 sm:inline">{call.server}</span>}
        </span>
        <span className="flex-1" />
        {isSensitive(call.data_classification) && <Classification level={call.data_classification} />}
        {(call.findings?.length ?? 0) > 0 && (
          <ShieldAlert size={16} className="shrink-0 text-warn" aria-label={t('Found by guards')} />
        )}
        {call.cached && <span className="text-text-3 text-xs">{t('cached')}</span>}
        {typeof call.duration_ms === 'number' && call.duration_ms > 0 && (
          <span className="num shrink-0 text-text-3 text-xs">{duration(call.duration_ms)}</span>
        )}
        <State call={call} />
      </button>
      {open && (
        <dl>
          <Row label={t('Arguments')}>
            {hasArguments ? (
              <JsonView value={call.arguments} />
            ) : (
              <span className="text-sm text-text-3">{t('None')}</span>
            )}
          </Row>
          {blocks.length > 0 && (
            <Row label={bad ? t('Error') : t('Result')}>
              <div className="grid gap-2">
                {blocks.map((block, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: blocks of one result never move
                  <Block key={index} block={block} />
                ))}
              </div>
            </Row>
          )}
          {call.child_run_id && (
            <Row label={t('Run')}>
              <Link to="/runs/$runId" params={{ runId: call.child_run_id }} className="link text-sm">
                {t('Open the run')}
              </Link>
            </Row>
          )}
          {call.findings && call.findings.length > 0 && (
            <Row label={t('Guards')}>
              <Findings findings={call.findings} />
            </Row>
          )}
          {call.effect && (
            <Row label={t('Decision')}>
              <Decision call={call} />
            </Row>
          )}
        </dl>
      )}
    </section>
  );
}
