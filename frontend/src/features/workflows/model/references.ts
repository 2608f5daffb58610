/** What the templates of a node may read: the workflow's inputs, steps before it, and variables. */
import { type Graph, nodeOf, titleOf } from './graph';

export interface Reference {
  group: 'inputs' | 'steps' | 'variables' | 'context';
  /** As it is written in braces. */
  path: string;
  label: string;
}

/** What every answer of a database has, beside what it was asked. */
const DATABASE_FIELDS = ['data', 'count', 'insertedId'];

/** The nodes from which a way leads to this one, the nearest first. */
export function before(graph: Graph, id: string): string[] {
  const found: string[] = [];
  const queue = [id];
  const seen = new Set<string>(queue);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const edge of graph.edges) {
      if (edge.to !== next || seen.has(edge.from)) continue;
      seen.add(edge.from);
      found.push(edge.from);
      queue.push(edge.from);
    }
  }
  return found;
}

function stepPath(id: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(id) ? `steps.${id}.output` : `steps["${id}"].output`;
}

/** Everything that may be read at a node; at the end of the workflow, without one. */
export function referencesAt(graph: Graph, id?: string): Reference[] {
  const ids = id === undefined ? graph.nodes.map((node) => node.id) : before(graph, id);
  const steps = ids.flatMap((step) => nodeOf(graph, step) ?? []);
  const items = steps.flatMap((node) =>
    node.kind === 'map' ? [typeof node.config.item === 'string' ? node.config.item : 'item'] : [],
  );
  const variables = [...new Set([...Object.keys(graph.variables), ...items])];
  return [
    ...graph.inputs.map(({ name }): Reference => ({ group: 'inputs', path: `inputs.${name}`, label: name })),
    ...steps
      .filter((node) => !['start', 'end', 'parallel', 'join', 'condition'].includes(node.kind))
      .flatMap((node): Reference[] => {
        const whole: Reference = { group: 'steps', path: stepPath(node.id), label: titleOf(node) };
        const fields = node.kind === 'database' ? DATABASE_FIELDS : [];
        const part = (field: string): Reference => ({
          group: 'steps',
          path: `${whole.path}.${field}`,
          label: `${whole.label}: ${field}`,
        });
        return [whole, ...fields.map(part)];
      }),
    ...variables.map((name): Reference => ({ group: 'variables', path: `var.${name}`, label: name })),
  ];
}
