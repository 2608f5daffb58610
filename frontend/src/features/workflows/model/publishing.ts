/** What is different about how a workflow runs once another of its versions does. */
import { t } from '@/lib/i18n';
import { type Graph, type GraphNode, titleOf } from './graph';
import { inWords, type Trigger, triggersOf } from './schedules';

export interface Difference {
  added: string[];
  removed: string[];
  changed: string[];
  /** Whether anything else about how it runs is different: edges, inputs, outputs, variables, limits. */
  other: boolean;
  /** What starts it from then on, in words. */
  begins: string[];
  /** What does not any more. */
  ends: string[];
}

/** Where a node stands in the drawing changes nothing about what it does. */
function meant({ layout, ...node }: GraphNode): string {
  return told(node);
}

/** A value as a text that does not depend on the order of keys, or on which of them are there without saying anything. */
function told(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(
          Object.entries(part)
            .filter(([, held]) => held !== undefined && held !== null)
            .sort(([one], [other]) => (one < other ? -1 : 1)),
        )
      : part,
  );
}

function triggerName(trigger: Trigger): string | undefined {
  switch (trigger?.type) {
    case 'schedule': {
      const cron = String(trigger.cron ?? '');
      const zone = typeof trigger.time_zone === 'string' ? trigger.time_zone : 'UTC';
      return t('Schedule: {{when}} ({{zone}})', { when: inWords(cron) ?? cron, zone });
    }
    case 'webhook':
      return t('Its webhook');
    case 'event':
      return t('Event: {{name}}', { name: String(trigger.name ?? '') });
    default:
      return undefined;
  }
}

function startersOf(graph: Graph): string[] {
  const names = triggersOf(graph).map(triggerName);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** What else decides how it runs; names and pictures do not. */
const rest = ({ edges, entry, exit, inputs, outputs, variables, limits }: Graph): string =>
  told([edges, entry, exit, inputs, outputs, variables, limits]);

export function differenceOf(before: Graph, after: Graph): Difference {
  const old = new Map(before.nodes.map((node) => [node.id, node] as const));
  const now = new Map(after.nodes.map((node) => [node.id, node] as const));
  const [started, starts] = [startersOf(before), startersOf(after)];
  return {
    added: after.nodes.filter(({ id }) => !old.has(id)).map(titleOf),
    removed: before.nodes.filter(({ id }) => !now.has(id)).map(titleOf),
    changed: after.nodes
      .filter((node) => {
        const was = old.get(node.id);
        return was !== undefined && meant(was) !== meant(node);
      })
      .map(titleOf),
    other: rest(before) !== rest(after),
    begins: starts.filter((name) => !started.includes(name)),
    ends: started.filter((name) => !starts.includes(name)),
  };
}

/** Whether it runs as before. */
export const isSame = (difference: Difference): boolean =>
  !difference.other &&
  [difference.added, difference.removed, difference.changed, difference.begins, difference.ends].every(
    ({ length }) => length === 0,
  );
