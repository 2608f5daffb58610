/** A run's events as lines people can read: streams of deltas become one line each. */
import { completedMessage, contentBlocks, type RunEvent } from '@/api/types';
import { count, price } from '@/lib/format';
import { t } from '@/lib/i18n';
import { decisionName, runKindName, runStatusName, words } from '@/lib/names';

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
      return { title: t('Run started'), detail: runKindName(event.kind), tone: 'info' };
    case 'run.status':
      return {
        title: runStatusName(event.status),
        detail: event.reason ?? '',
        tone: event.status === 'waiting' ? 'warn' : 'plain',
      };
    case 'routing.decided':
      return { title: t('Agent chosen'), detail: event.reason, tone: 'info' };
    case 'agent.handoff':
      return { title: t('Handed over'), detail: event.reason, tone: 'info' };
    case 'step.started':
      return {
        title: t('Step began: {{name}}', { name: event.name }),
        detail: words(event.kind),
        tone: 'plain',
      };
    case 'step.finished':
      return {
        title: t('Step ended: {{name}}', { name: event.name }),
        detail: event.error?.detail ?? '',
        tone: event.error ? 'err' : 'plain',
      };
    case 'message.delta':
      return { title: t('Answer'), detail: event.text, tone: 'plain' };
    case 'thinking.delta':
      return { title: t('Thinking'), detail: event.text, tone: 'plain' };
    case 'message.guarded':
      return {
        title: t('Found by guards'),
        detail: event.findings.map((finding) => `${finding.rule} × ${finding.count}`).join(', '),
        tone: 'warn',
      };
    case 'message.completed':
      return {
        title: t('Answer complete'),
        detail: quoted(completedMessage(event.message).content),
        tone: 'ok',
      };
    case 'tool.called':
      return {
        title: t('Tool called: {{tool}}', { tool: event.tool }),
        detail: event.server ?? '',
        tone: 'info',
      };
    case 'tool.decided':
      return {
        title:
          event.effect === 'allow'
            ? t('Tool allowed')
            : event.effect === 'deny'
              ? t('Tool denied')
              : t('A person is asked'),
        // The rule's own name is among the facts that a click opens.
        detail: event.reason || event.rule_id || '',
        tone: event.effect === 'allow' ? 'ok' : event.effect === 'deny' ? 'err' : 'warn',
      };
    case 'tool.delegated':
      return { title: t('Goes on as a run of its own'), detail: event.child_run_id, tone: 'info' };
    case 'tool.result':
      return {
        title: event.ok ? t('Tool answered') : t('Tool failed'),
        detail: quoted(
          contentBlocks(event.content)
            .map((block) => block.text ?? block.type)
            .join(' '),
        ),
        tone: event.ok ? 'ok' : 'err',
      };
    case 'approval.requested':
      return { title: t('Approval requested'), detail: event.human_task.message, tone: 'warn' };
    case 'approval.told':
      return {
        title: t('People were told of it'),
        detail: event.notices.map(({ channel }) => channel).join(', '),
        tone: event.notices.some(({ status }) => status === 'failed') ? 'warn' : 'plain',
      };
    case 'approval.decided':
      return {
        title: t('Approval decided'),
        detail: event.human_task.decision ? decisionName(event.human_task.decision) : '',
        tone: event.human_task.decision === 'deny' ? 'err' : 'ok',
      };
    case 'artifact.started':
      return { title: t('Artifact began'), detail: event.title, tone: 'plain' };
    case 'artifact.delta':
      return { title: t('Artifact text'), detail: event.text, tone: 'plain' };
    case 'artifact.completed':
      return {
        title: t('Artifact stored'),
        detail: t('{{title}}, version {{version}}', { title: event.title, version: event.version }),
        tone: 'ok',
      };
    case 'node.started':
      return { title: t('Node began: {{name}}', { name: event.node_id }), detail: '', tone: 'plain' };
    case 'node.waiting':
      return {
        title: t('Node waits: {{name}}', { name: event.node_id }),
        detail: event.event ?? words(event.reason),
        tone: 'warn',
      };
    case 'node.finished':
      return {
        title: event.error
          ? t('Node failed: {{name}}', { name: event.node_id })
          : t('Node ended: {{name}}', { name: event.node_id }),
        detail: event.error?.detail || event.error?.title || event.port || '',
        tone: event.error ? 'err' : 'ok',
      };
    case 'node.skipped':
      return { title: t('Node skipped: {{name}}', { name: event.node_id }), detail: '', tone: 'plain' };
    case 'event.received':
      return { title: t('Event arrived: {{name}}', { name: event.name }), detail: '', tone: 'info' };
    case 'usage':
      return {
        title: t('Usage'),
        detail: t('{{model}}: {{read}} tokens read, {{written}} written, {{cost}}', {
          model: event.model,
          read: count(event.input_tokens),
          written: count(event.output_tokens),
          cost: price(event.cost, event.currency),
        }),
        tone: 'plain',
      };
    case 'run.finished':
      return {
        title: t('Run ended: {{status}}', { status: runStatusName(event.status) }),
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
