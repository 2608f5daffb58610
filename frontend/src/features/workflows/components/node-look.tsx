/** How the states of nodes look and are called, the same in the drawing, the timeline and the details. */
import { Check, Clock, type LucideIcon, Minus, Pencil, RotateCcw, Square, TriangleAlert } from 'lucide-react';
import { Status, type Tone } from '@/components/ui/badges';
import { t } from '@/lib/i18n';
import type { NodeStatus } from '../model/run-state';

const looks: Record<NodeStatus, { icon: LucideIcon; tone?: Tone; name: string }> = {
  running: { icon: Pencil, tone: 'info', name: 'Running' },
  waiting: { icon: Clock, tone: 'warn', name: 'Waiting' },
  retrying: { icon: RotateCcw, tone: 'warn', name: 'Tried again soon' },
  done: { icon: Check, tone: 'ok', name: 'Done' },
  failed: { icon: TriangleAlert, tone: 'err', name: 'Failed' },
  skipped: { icon: Minus, name: 'Skipped' },
  stopped: { icon: Square, name: 'Stopped' },
};

export function nodeStatusName(status: NodeStatus): string {
  return t(looks[status].name);
}

export function NodeStatusPill({ status }: { status: NodeStatus }) {
  const { icon: Icon, tone } = looks[status];
  return (
    <Status {...(tone && { tone })} icon={<Icon />}>
      {nodeStatusName(status)}
    </Status>
  );
}

/** The mark at the right of a node: a turning ring while it runs, an icon otherwise. */
export function NodeMark({ status, visits }: { status: NodeStatus; visits: number }) {
  const { icon: Icon, tone } = looks[status];
  return (
    <span className="wf-run-mark">
      {visits > 1 && <span className="num text-text-3 text-xs">{t('{{number}}×', { number: visits })}</span>}
      {status === 'running' ? (
        <span className="dot pulse" />
      ) : (
        <span className={`wf-mark ${tone ?? ''}`}>
          <Icon size={14} />
        </span>
      )}
    </span>
  );
}
