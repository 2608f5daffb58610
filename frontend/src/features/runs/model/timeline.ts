/** A run's events as lines people can read: streams of deltas become one line each. */
import { completedMessage, contentBlocks, type RunEvent } from '@/api/types';

export type Tone = 'ok' | 'err' | 'warn' | 'info' | 'plain';

export interface Line {
  /** The first event's number. */
  seq: number;
  last: number;
  at: string;
  type: RunEvent['type'];
  title: string;
  detail: string;
  tone: Tone;
  events: RunEvent[];
}

function quoted(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length > 140 ? `${flat.slice(0, 140)}…` : flat;
}

function describe(event: RunEvent): Pick<Line, 'title' | 'detail' | 'tone'> {
  switch (event.type) {
    case 'run.started':
      return { title: 'Run started', detail: event.kind, tone: 'info' };
    case 'run.status':
      return {
        title: `Status: ${event.status}`,
        detail: event.reason ?? '',
        tone: event.status === 'waiting' ? 'warn' : 'plain',
      };
    case 'routing.decided':
      return { title: 'Agent chosen', detail: event.reason, tone: 'info' };
    case 'agent.handoff':
      return { title: 'Handed over', detail: event.reason, tone: 'info' };
    case 'step.started':
      return { title: `Step began: ${event.name}`, detail: event.kind, tone: 'plain' };
    case 'step.finished':
      return {
        title: `Step ended: ${event.name}`,
        detail: event.error?.detail ?? '',
        tone: event.error ? 'err' : 'plain',
      };
    case 'message.delta':
      return { title: 'Answer', detail: event.text, tone: 'plain' };
    case 'thinking.delta':
      return { title: 'Thinking', detail: event.text, tone: 'plain' };
    case 'message.guarded':
      return {
        title: 'Found by guards',
        detail: event.findings.map((finding) => `${finding.rule} × ${finding.count}`).join(', '),
        tone: 'warn',
      };
    case 'message.completed':
      return {
        title: 'Answer complete',
        detail: quoted(completedMessage(event.message).content),
        tone: 'ok',
      };
    case 'tool.called':
      return { title: `Tool called: ${event.tool}`, detail: event.server ?? '', tone: 'info' };
    case 'tool.decided':
      return {
        title:
          event.effect === 'allow'
            ? 'Tool allowed'
            : event.effect === 'deny'
              ? 'Tool denied'
              : 'A person is asked',
        detail: [event.rule_id, event.reason].filter(Boolean).join(': '),
        tone: event.effect === 'allow' ? 'ok' : event.effect === 'deny' ? 'err' : 'warn',
      };
    case 'tool.result':
      return {
        title: event.ok ? 'Tool answered' : 'Tool failed',
        detail: quoted(
          contentBlocks(event.content)
            .map((block) => block.text ?? block.type)
            .join(' '),
        ),
        tone: event.ok ? 'ok' : 'err',
      };
    case 'approval.requested':
      return { title: 'Approval requested', detail: event.human_task.message, tone: 'warn' };
    case 'approval.decided':
      return {
        title: 'Approval decided',
        detail: event.human_task.decision ?? '',
        tone: event.human_task.decision === 'deny' ? 'err' : 'ok',
      };
    case 'artifact.started':
      return { title: 'Artifact began', detail: event.title, tone: 'plain' };
    case 'artifact.delta':
      return { title: 'Artifact text', detail: event.text, tone: 'plain' };
    case 'artifact.completed':
      return { title: 'Artifact stored', detail: `${event.title}, version ${event.version}`, tone: 'ok' };
    case 'node.started':
      return { title: `Node began: ${event.node_id}`, detail: '', tone: 'plain' };
    case 'node.finished':
      return { title: `Node ended: ${event.node_id}`, detail: event.port ?? '', tone: 'ok' };
    case 'node.skipped':
      return { title: `Node skipped: ${event.node_id}`, detail: '', tone: 'plain' };
    case 'usage':
      return {
        title: 'Usage',
        detail: `${event.model}: ${event.input_tokens} in, ${event.output_tokens} out, ${event.cost} ${event.currency}`,
        tone: 'plain',
      };
    case 'run.finished':
      return {
        title: `Run ended: ${event.status}`,
        detail: event.error?.detail ?? '',
        tone: event.status === 'succeeded' ? 'ok' : event.status === 'cancelled' ? 'warn' : 'err',
      };
  }
}

const streams = new Set<RunEvent['type']>(['message.delta', 'thinking.delta', 'artifact.delta']);

/** The line that a delta goes on; text and the artifact inside it arrive in turns. */
function streaming(lines: Line[], type: RunEvent['type']): Line | undefined {
  for (const line of lines.slice(-2).reverse()) {
    if (line.type === type) return line;
    if (!streams.has(line.type)) return undefined;
  }
  return undefined;
}

export function timeline(events: readonly RunEvent[]): Line[] {
  const lines: Line[] = [];
  for (const event of events) {
    const before = streams.has(event.type) ? streaming(lines, event.type) : undefined;
    if (before && 'text' in event) {
      before.events.push(event);
      before.last = event.seq;
      before.detail += event.text ?? '';
      continue;
    }
    lines.push({
      seq: event.seq,
      last: event.seq,
      at: event.at,
      type: event.type,
      events: [event],
      ...describe(event),
    });
  }
  return lines.map((line) => (streams.has(line.type) ? { ...line, detail: quoted(line.detail) } : line));
}
