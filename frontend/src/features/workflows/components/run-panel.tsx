/** A run as the designer shows it below the drawing: how it stands, what it asks, what it gave, and what went wrong. */
import { Link } from '@tanstack/react-router';
import { ArrowUpRight, LocateFixed, RotateCcw, Square, X } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { describe } from '@/api/problem';
import { Button, IconButton } from '@/components/ui/button';
import { RunStatusPill } from '@/components/ui/run-status';
import { Notice } from '@/components/ui/states';
import { duration } from '@/lib/format';
import { t } from '@/lib/i18n';
import { runStatusName } from '@/lib/names';
import { toast } from '@/lib/toast';
import { type Graph, nodeOf, titleOf } from '../model/graph';
import { culprit, isOver, type Marks, marksOf, openTasks } from '../model/run-state';
import { stopRun } from '../queries';
import { useNow, useRun } from '../use-run';
import { isHumanStep, Question } from './human-step';
import { NodeRun } from './node-run';
import { ValueView } from './value-view';

export function RunPanel({
  runId,
  graph,
  chosen,
  onMarks,
  onShow,
  onAgain,
  onClose,
}: {
  runId: string;
  graph: Graph;
  /** The node whose part in the run is shown. */
  chosen: string | undefined;
  onMarks: (marks: Marks | undefined) => void;
  onShow: (node: string) => void;
  onAgain: () => void;
  onClose: () => void;
}) {
  const { state, error } = useRun(runId);
  const [visit, setVisit] = useState<number>();
  const [stopping, setStopping] = useState(false);
  const over = isOver(state.status);
  const now = useNow(!over);
  const marks = useMemo(() => marksOf(state, { edges: graph.edges }), [state, graph.edges]);
  useEffect(() => onMarks(marks), [marks, onMarks]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another node begins with its newest turn
  useEffect(() => setVisit(undefined), [chosen]);
  const failed = over ? culprit(state) : undefined;
  const nameOf = (id: string) => {
    const node = nodeOf(graph, id);
    return node ? titleOf(node) : id;
  };
  const began = state.startedAt ? Date.parse(state.startedAt) : undefined;
  const took =
    began === undefined ? 0 : Math.max(0, (state.endedAt ? Date.parse(state.endedAt) : now) - began);
  // That of the chosen node stands with the rest of it.
  const tasks = openTasks(state).filter((task) => !isHumanStep(task) || task.node_id !== chosen);
  const stop = async () => {
    setStopping(true);
    try {
      await stopRun(runId);
    } catch (problem) {
      toast.error(describe(problem));
    } finally {
      setStopping(false);
    }
  };
  return (
    <section className="wf-run" aria-label={t('Run')}>
      <header>
        <RunStatusPill status={state.status} />
        <span className="num text-sm text-text-2">
          {duration(over ? took : Math.floor(took / 1000) * 1000)}
        </span>
        <span role="status" className="sr-only">
          {over
            ? t('Run ended: {{status}}', { status: runStatusName(state.status) })
            : runStatusName(state.status)}
        </span>
        <span className="flex-1" />
        {over ? (
          <Button size="xs" variant="outline" onClick={onAgain}>
            <RotateCcw size={14} />
            {t('Run again')}
          </Button>
        ) : (
          <Button size="xs" variant="outline" danger busy={stopping} onClick={() => void stop()}>
            <Square size={12} fill="currentColor" />
            {t('Stop')}
          </Button>
        )}
        <Link to="/runs/$runId" params={{ runId }} className="btn out xs">
          {t('Open run')}
          <ArrowUpRight size={14} />
        </Link>
        <IconButton label={t('Close the run')} small onClick={onClose}>
          <X size={16} />
        </IconButton>
      </header>
      <div className="wf-run-body">
        {error !== undefined && <Notice tone="err">{describe(error)}</Notice>}
        {state.error && (
          <Notice
            tone="err"
            action={
              failed && (
                <Button size="xs" variant="outline" onClick={() => onShow(failed.node)}>
                  <LocateFixed size={14} />
                  {t('Show node')}
                </Button>
              )
            }
          >
            <b className="font-medium">
              {failed ? t('{{node}} failed', { node: nameOf(failed.node) }) : state.error.title}
            </b>
            <span className="block break-words text-text-2">{state.error.detail || state.error.title}</span>
          </Notice>
        )}
        {tasks.map((task) => (
          <Question key={task.id} task={task} />
        ))}
        {chosen !== undefined && (
          <NodeRun
            runId={runId}
            state={state}
            node={nodeOf(graph, chosen)}
            id={chosen}
            chosen={visit}
            now={now}
            onChoose={setVisit}
          />
        )}
        {over && state.output !== undefined && state.output !== null && chosen === undefined && (
          <ValueView label={t('Outputs')} value={state.output} />
        )}
        {!over && chosen === undefined && tasks.length === 0 && (
          <p className="text-sm text-text-3">{t('Choose a node to see what it was given and gave.')}</p>
        )}
      </div>
    </section>
  );
}
