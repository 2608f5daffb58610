/** What is to be said of a run as a whole: how it began, what it asks, what it gave, and why it failed. */
import { Link } from '@tanstack/react-router';
import { ArrowUpRight, History, LocateFixed, StepForward } from 'lucide-react';
import type { ReactNode } from 'react';
import { describe } from '@/api/problem';
import type { Run } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/states';
import { count, price } from '@/lib/format';
import { t } from '@/lib/i18n';
import type { Graph } from '../model/graph';
import { givenOf } from '../model/inputs';
import { culprit, isOver, openTasks, type RunState, type Visit } from '../model/run-state';
import { useReplay } from '../queries';
import { triggerName } from './executions-panel';
import { Question } from './human-step';
import { TrialPart } from './trial';
import { ValueView } from './value-view';

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="label">{label}</dt>
      <dd className="num mt-0.5 truncate">{children}</dd>
    </div>
  );
}

export function WholeRun({
  run,
  state,
  graph,
  error,
  nameOf,
  onShow,
  onResume,
}: {
  run: Run;
  state: RunState;
  graph: Graph | undefined;
  error: unknown;
  nameOf: (node: string) => string;
  onShow: (node: string) => void;
  /** Goes on from a visit, or from where the run stopped; none where that cannot be. */
  onResume?: ((visit?: Visit) => void) | undefined;
}) {
  const failure = state.error ?? run.error;
  const failed = failure ? culprit(state) : undefined;
  const given = givenOf(run) ?? run.input;
  const output = state.output ?? run.output;
  const tokens = run.input_tokens + run.output_tokens;
  const reached = [...state.byNode.keys()].length;
  return (
    <div className="wf-node-run">
      <h2 className="h">{t('The whole run')}</h2>
      <dl className="grid grid-cols-2 gap-3">
        <Fact label={t('How')}>{triggerName(run.trigger)}</Fact>
        {graph && (
          <Fact label={t('Nodes')}>{t('{{reached}} of {{all}}', { reached, all: graph.nodes.length })}</Fact>
        )}
        {tokens > 0 && <Fact label={t('Tokens')}>{count(tokens)}</Fact>}
        {Number(run.cost) > 0 && <Fact label={t('Cost')}>{price(run.cost, run.currency)}</Fact>}
      </dl>
      {run.parent_run_id && (
        <Link
          to="/runs/$runId"
          params={{ runId: run.parent_run_id }}
          className="link inline-flex items-center gap-1 text-sm"
        >
          {t('Part of another run')}
          <ArrowUpRight size={14} />
        </Link>
      )}
      {run.retry_of && (
        <Link
          to="/runs/$runId"
          params={{ runId: run.retry_of }}
          className="link inline-flex items-center gap-1 text-sm"
        >
          {t('Goes on from an earlier run')}
          <ArrowUpRight size={14} />
        </Link>
      )}
      <TrialPart run={run} nameOf={nameOf} />
      {error !== undefined && <Notice tone="err">{describe(error)}</Notice>}
      {failure && (
        <Notice tone="err">
          <b className="font-medium">
            {failed ? t('{{node}} failed', { node: nameOf(failed.node) }) : failure.title}
          </b>
          <span className="block break-words text-text-2">{failure.detail || failure.title}</span>
          {failed && (
            <span className="mt-2 flex flex-wrap gap-2 text-text">
              <Button size="xs" variant="outline" onClick={() => onShow(failed.node)}>
                <LocateFixed size={14} />
                {t('Show node')}
              </Button>
              {onResume && (
                <Button size="xs" variant="outline" onClick={() => onResume(failed)}>
                  <StepForward size={14} />
                  {t('Go on from here')}
                </Button>
              )}
            </span>
          )}
        </Notice>
      )}
      {onResume && !failed && state.status !== 'succeeded' && (
        <Button variant="outline" className="justify-self-start" onClick={() => onResume()}>
          <StepForward size={15} />
          {t('Go on where it stopped')}
        </Button>
      )}
      {openTasks(state).map((task) => (
        <Question key={task.id} task={task} />
      ))}
      {isOver(state.status) && <Replayed runId={run.id} nameOf={nameOf} />}
      {output !== undefined && output !== null && <ValueView label={t('Outputs')} value={output} />}
      {given !== undefined && given !== null && <ValueView label={t('Inputs')} value={given} />}
    </div>
  );
}

/** Works everything out once more from what was called and said then, and tells whether it comes out the same. */
function Replayed({ runId, nameOf }: { runId: string; nameOf: (node: string) => string }) {
  const replay = useReplay(runId);
  if (!replay.data) {
    return (
      <>
        {replay.error && <Notice tone="err">{describe(replay.error)}</Notice>}
        <Button
          variant="outline"
          size="xs"
          className="justify-self-start"
          busy={replay.isPending}
          onClick={() => replay.mutate()}
        >
          <History size={14} />
          {t('Replay without calls')}
        </Button>
      </>
    );
  }
  const { identical, nodes, differences } = replay.data;
  if (identical) {
    return (
      <Notice tone="ok">
        {t('Replayed: {{count}} steps, all of them came out the same.', { count: nodes })}
      </Notice>
    );
  }
  return (
    <Notice tone="warn">
      <b className="font-medium">{t('Replayed, and something else came out')}</b>
      {differences.slice(0, 20).map(({ node_id: node, iteration, what }) => (
        <span key={[node, iteration.join('.'), what].join(' ')} className="block text-text-2">
          {[node ? nameOf(node) : t('Outputs'), iteration.join('.'), t(what)].filter(Boolean).join(' · ')}
        </span>
      ))}
    </Notice>
  );
}
