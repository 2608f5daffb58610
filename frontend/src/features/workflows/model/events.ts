/** The events among the triggers of a graph, and how somebody tells one from a command line. */
import type { Graph } from './graph';
import { type Trigger, triggersOf } from './schedules';

export interface EventTrigger {
  /** Its place among the triggers of the graph. */
  position: number;
  name: string;
}

/** What a new trigger waits for until somebody says better. */
const FIRST = 'order.paid';

export function eventsOf(graph: Graph): EventTrigger[] {
  return triggersOf(graph).flatMap((trigger, position) =>
    trigger?.type === 'event' ? [{ position, name: String(trigger.name ?? '') }] : [],
  );
}

/** The triggers with one more event, of a name that none of them has. */
export function withEvent(graph: Graph): Trigger[] {
  const taken = new Set(eventsOf(graph).map(({ name }) => name));
  let name = FIRST;
  for (let number = 2; taken.has(name); number += 1) name = `${FIRST}.${number}`;
  return [...triggersOf(graph), { type: 'event', name }];
}

/** The triggers with another name of the event at a place. */
export function changedEvent(graph: Graph, position: number, name: string): Trigger[] {
  return triggersOf(graph).map((trigger, at) => (at === position ? { ...trigger, name } : trigger));
}

export function withoutEvent(graph: Graph, position: number): Trigger[] {
  return triggersOf(graph).filter((_, at) => at !== position);
}

/** What tells an event on a command line. A token is all that it takes. */
export function tellingExample(address: string, name: string): string {
  const body = JSON.stringify({ name, id: 'evt_1', data: { hello: 'world' } });
  return [
    "token='…'",
    `curl -X POST '${address}' -H "Authorization: Bearer $token" \\`,
    // What stands in single quotes is no shell's to read, but for a single quote.
    `  -H 'Content-Type: application/json' -d '${body.replaceAll("'", "'\\''")}'`,
  ].join('\n');
}
