/** What is wrong with a graph, sorted to where it shows: the list, a node, a field of a node. */
import { Problem } from '@/api/problem';
import type { WorkflowProblem } from '@/api/types';
import type { Graph } from './graph';

/** The node that a problem is about: the one it names, else the one that its pointer leads into. */
export function nodeOfProblem(graph: Graph, problem: WorkflowProblem): string | undefined {
  if (problem.node) return problem.node;
  const node = /^\/nodes\/(\d+)(?:\/|$)/.exec(problem.pointer)?.[1];
  if (node !== undefined) return graph.nodes[Number(node)]?.id;
  const edge = /^\/edges\/(\d+)(?:\/|$)/.exec(problem.pointer)?.[1];
  return edge === undefined ? undefined : graph.edges[Number(edge)]?.from;
}

export function problemsByNode(
  graph: Graph,
  problems: readonly WorkflowProblem[],
): Map<string, WorkflowProblem[]> {
  const byNode = new Map<string, WorkflowProblem[]>();
  for (const problem of problems) {
    const id = nodeOfProblem(graph, problem);
    if (id === undefined) continue;
    byNode.set(id, [...(byNode.get(id) ?? []), problem]);
  }
  return byNode;
}

/** The part of a pointer within its node: `/config/url`. */
export function fieldOf(problem: WorkflowProblem): string {
  return /^\/nodes\/\d+(\/.*)$/.exec(problem.pointer)?.[1] ?? '';
}

/** The sentence for a field of a node; what is wrong within the field counts too. */
export function fieldProblem(problems: readonly WorkflowProblem[], field: string): string | undefined {
  return problems.find((problem) => {
    const at = fieldOf(problem);
    return at === field || at.startsWith(`${field}/`);
  })?.message;
}

/** Errors first, in the order of the document otherwise. */
export function sorted(problems: readonly WorkflowProblem[]): WorkflowProblem[] {
  const rank = ({ severity }: WorkflowProblem) => (severity === 'error' ? 0 : 1);
  return [...problems].sort((a, b) => rank(a) - rank(b));
}

export function errorsIn(problems: readonly WorkflowProblem[]): number {
  return problems.filter(({ severity }) => severity === 'error').length;
}

/** What a form has no words for, where that is why a workflow was not written in it. */
export function unsayable(error: unknown): WorkflowProblem[] {
  if (!(error instanceof Problem) || error.code !== 'workflow_unsayable') return [];
  return error.errors.map(({ pointer, code, detail }) => {
    const told = /^error(?: in (.+?))?(?: at \/\S*)?: (.*)$/s.exec(detail);
    const node = told?.[1];
    const message = told?.[2] ?? detail;
    return { severity: 'error', code, pointer, message, ...(node === undefined ? {} : { node }) };
  });
}
