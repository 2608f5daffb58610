/** What is wrong with the graph as it is drawn: the server is asked when somebody pauses. */
import { useEffect, useState } from 'react';
import type { WorkflowProblem } from '@/api/types';
import type { Graph } from './model/graph';
import { checkDocument } from './queries';

export interface Checked {
  /** The graph that the problems are about: their pointers lead into it. */
  graph: Graph;
  problems: readonly WorkflowProblem[];
}

const PAUSE_MS = 500;

export function useCheck(
  graph: Graph,
  first: readonly WorkflowProblem[],
): Checked & { checking: boolean; failed: boolean } {
  const [checked, setChecked] = useState<Checked>({ graph, problems: first });
  const [failed, setFailed] = useState(false);
  const done = checked.graph === graph;
  useEffect(() => {
    if (done) return;
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const { problems } = await checkDocument(JSON.stringify(graph), stop.signal);
        setChecked({ graph, problems });
        setFailed(false);
      } catch {
        if (!stop.signal.aborted) setFailed(true);
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [graph, done]);
  return { ...checked, checking: !done && !failed, failed };
}
