/** One node of a run: each of its turns, what it was given and gave, what went wrong, and what it waits for. */
import { Link } from '@tanstack/react-router';
import { ArrowUpRight, ChevronLeft, ChevronRight, StepForward, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import type { HumanTask } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { TextArea, TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { dateTime, duration, preciseClock, price } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { type GraphNode, titleOf } from '../model/graph';
import { portName, summaryOf } from '../model/kinds';
import { type Call, isOpen, isOver, type RunState, tookMs, type Visit, visitsOf } from '../model/run-state';
import { useTell } from '../queries';
import { Answered, Question } from './human-step';
import { KindTile } from './kind-icon';
import { NodeStatusPill, nodeStatusName } from './node-look';
import { ValueView } from './value-view';

/** `Round 2`, `Round 2, item 5`: as deep as the node stands in loops. */
export function roundName(visit: Visit, turn: number): string {
  if (visit.iteration.length > 0) return t('Round {{number}}', { number: visit.iteration.join('.') });
  return t('Turn {{number}}', { number: turn });
}

/** What a visit was given: its own input, else what its call was sent. */
function inputOf(visit: Visit, call: Call | undefined): unknown {
  return visit.input === undefined ? call?.arguments : visit.input;
}

function EventForm({ runId, name }: { runId: string; name: string }) {
  const [event, setEvent] = useState(name);
  const [data, setData] = useState('');
  const [error, setError] = useState<string>();
  const tell = useTell(runId);
  return (
    <form
      className="wf-form rounded-lg border border-accent bg-accent-soft p-4"
      aria-label={t('Tell the run of an event')}
      onSubmit={(submitted) => {
        submitted.preventDefault();
        let value: unknown = null;
        try {
          if (data.trim() !== '') value = JSON.parse(data);
        } catch {
          setError(t('This is no JSON. Texts stand in quotes.'));
          return;
        }
        tell.mutate(
          { name: event.trim(), data: value },
          {
            onSuccess: () => toast.success(t('The run was told')),
            onError: (problem) => toast.error(describe(problem)),
          },
        );
      }}
    >
      <p className="text-text-2">
        {t('It waits for something to happen elsewhere. You may say that it did.')}
      </p>
      {!name && (
        <TextField
          label={t('Event')}
          value={event}
          required
          onChange={(change) => setEvent(change.target.value)}
        />
      )}
      <TextArea
        label={t('What it carries (optional)')}
        hint={t('Written as JSON.')}
        className="mono"
        rows={2}
        spellCheck={false}
        value={data}
        error={error}
        onChange={(change) => {
          setData(change.target.value);
          setError(undefined);
        }}
      />
      <div>
        <Button
          type="submit"
          variant="primary"
          busy={tell.isPending}
          disabled={event.trim() === '' || tell.isSuccess}
        >
          {name ? t('“{{name}}” happened', { name }) : t('It happened')}
        </Button>
      </div>
    </form>
  );
}

/** What a person was asked for it: by the node itself, or before its tool was called. */
function taskOf(state: RunState, visit: Visit): HumanTask | undefined {
  if (visit.taskId) return state.tasks.get(visit.taskId);
  if (!visit.callId) return undefined;
  return [...state.tasks.values()].find((task) => task.call_id === visit.callId);
}

function waitsFor(visit: Visit): string | undefined {
  if (visit.status === 'retrying') {
    return visit.until ? t('It is tried again at {{when}}.', { when: preciseClock(visit.until) }) : undefined;
  }
  if (visit.status !== 'waiting') return undefined;
  switch (visit.reason) {
    case 'timer':
      return visit.until ? t('It goes on at {{when}}.', { when: dateTime(visit.until) }) : t('Time passes.');
    case 'event':
      return visit.event
        ? t('It waits for the event “{{name}}”.', { name: visit.event })
        : t('It waits for an event.');
    case 'person':
      return t('It waits for a person.');
    default:
      return t('It waits for an answer.');
  }
}

/** Tokens and cost, of a run or of a part of one. */
export interface Spent {
  input_tokens: number;
  output_tokens: number;
  cost: string;
  currency: string;
}

/** `1,200 tokens · $0.03`; nothing where nothing was spent. */
export function spentWords({ input_tokens, output_tokens, cost, currency }: Spent): string[] {
  const tokens = input_tokens + output_tokens;
  return [
    tokens > 0 && t('{{number}} tokens', { number: tokens }),
    Number(cost) > 0 && price(cost, currency),
  ].filter((word) => word !== false);
}

export function NodeRun({
  runId,
  state,
  node,
  id,
  chosen,
  now,
  spent,
  onChoose,
  onResume,
}: {
  runId: string;
  state: RunState;
  /** None where the graph of the run is not known. */
  node: GraphNode | undefined;
  id: string;
  /** Which visit is shown; the newest without it. */
  chosen?: number | undefined;
  now: number;
  /** What all its turns have spent with everything below them, where that is known. */
  spent?: Spent | undefined;
  onChoose?: ((visit: number | undefined) => void) | undefined;
  /** Goes on from a visit in another run; none where that cannot be. */
  onResume?: ((visit: Visit) => void) | undefined;
}) {
  const visits = visitsOf(state, id);
  const visit = visits.find(({ index }) => index === chosen) ?? visits.at(-1);
  const at = visit ? visits.indexOf(visit) : -1;
  const call = visit?.callId ? state.calls.get(visit.callId) : undefined;
  const task = visit && taskOf(state, visit);
  const took = visit && visit.status !== 'skipped' ? tookMs(visit, now) : undefined;
  const waits = visit && waitsFor(visit);
  const input = visit && inputOf(visit, call);
  const facts = visit
    ? [
        visit.startedAt && preciseClock(visit.startedAt),
        took !== undefined && duration(took),
        visit.attempt > 1 && t('attempt {{number}}', { number: visit.attempt }),
        visit.port && visit.port !== 'out' && t('left by {{port}}', { port: portName(visit.port) }),
        visit.backTo && t('back to {{node}}', { node: visit.backTo }),
      ].filter(Boolean)
    : [];
  return (
    <div className="wf-node-run">
      <div className="flex items-center gap-3">
        <KindTile kind={node?.kind ?? ''} emoji={node?.layout?.icon} color={node?.layout?.color} size={34} />
        <div className="min-w-0 flex-1">
          <h2 className="h truncate">{node ? titleOf(node) : id}</h2>
          <p className="truncate text-text-3 text-xs">{node ? summaryOf(node) : id}</p>
        </div>
        {visit && <NodeStatusPill status={visit.status} />}
      </div>
      {visits.length > 1 && visit && (
        <div className="flex items-center gap-1">
          <IconButton
            label={t('Earlier')}
            small
            disabled={at <= 0}
            onClick={() => onChoose?.(visits[at - 1]?.index)}
          >
            <ChevronLeft size={16} />
          </IconButton>
          <select
            className="field num min-w-0 flex-1"
            aria-label={t('Which turn of this node')}
            value={visit.index}
            onChange={(event) => onChoose?.(Number(event.target.value))}
          >
            {visits.map((one, turn) => (
              <option key={one.index} value={one.index}>
                {[roundName(one, turn + 1), nodeStatusName(one.status)].join(' · ')}
              </option>
            ))}
          </select>
          <IconButton
            label={t('Later')}
            small
            disabled={at >= visits.length - 1}
            onClick={() => onChoose?.(visits[at + 1]?.index)}
          >
            <ChevronRight size={16} />
          </IconButton>
        </div>
      )}
      {!visit && (
        <p className="text-sm text-text-2">
          {isOver(state.status)
            ? t('The run did not come to this node.')
            : t('The run has not come here yet.')}
        </p>
      )}
      {facts.length > 0 && <p className="num text-sm text-text-3">{facts.join(' · ')}</p>}
      {spent && spentWords(spent).length > 0 && (
        <p className="num text-sm text-text-3">
          {visits.length > 1
            ? t('All its turns: {{spent}}', { spent: spentWords(spent).join(' · ') })
            : spentWords(spent).join(' · ')}
        </p>
      )}
      {waits && <p className="text-text-2">{waits}</p>}
      {visit?.error && (
        <Notice tone="err" icon={<TriangleAlert size={16} />}>
          <b className="font-medium">{visit.error.title}</b>
          <span className="block break-words text-text-2">{visit.error.detail}</span>
        </Notice>
      )}
      {task &&
        (isOpen(state, task) ? (
          <Question key={task.id} task={task} />
        ) : (
          task.decision && <Answered task={task} />
        ))}
      {visit?.status === 'waiting' && visit.reason === 'event' && (
        <EventForm key={visit.index} runId={runId} name={visit.event ?? ''} />
      )}
      {visit?.failures.map((failure) => (
        <p key={failure.attempt} className="break-words text-sm text-text-2">
          <span className="font-medium">{t('Attempt {{number}} failed', { number: failure.attempt })}</span>
          {': '}
          {failure.error.detail || failure.error.title}
        </p>
      ))}
      {call && (
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-text-2">
          <span className="mono break-all">{call.tool}</span>
          {call.server && <span>· {call.server}</span>}
          {call.effect === 'deny' && <span className="text-err">· {call.decidedWhy || t('Denied')}</span>}
          {call.child && (
            <Link
              to="/runs/$runId"
              params={{ runId: call.child }}
              className="link inline-flex items-center gap-1"
            >
              {t('Its own run')}
              <ArrowUpRight size={14} />
            </Link>
          )}
        </p>
      )}
      {input !== undefined && input !== null && <ValueView label={t('Input')} value={input} />}
      {visit?.output !== undefined && visit.output !== null && (
        <ValueView label={t('Output')} value={visit.output} />
      )}
      {onResume && visit && visit.status !== 'skipped' && (
        <Button variant="outline" size="xs" className="justify-self-start" onClick={() => onResume(visit)}>
          <StepForward size={14} />
          {t('Go on from here')}
        </Button>
      )}
    </div>
  );
}
