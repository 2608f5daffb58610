/** How a run stands, as a pill. */
import { Check, CircleDashed, Clock, type LucideIcon, Pencil, Square, TriangleAlert, X } from 'lucide-react';
import { runStatusName } from '@/lib/names';
import { Status, type Tone } from './badges';

const looks: Record<string, { icon: LucideIcon; tone?: Tone }> = {
  succeeded: { icon: Check, tone: 'ok' },
  failed: { icon: TriangleAlert, tone: 'err' },
  timed_out: { icon: TriangleAlert, tone: 'err' },
  denied: { icon: X, tone: 'err' },
  cancelled: { icon: Square },
  interrupted: { icon: TriangleAlert, tone: 'warn' },
  waiting: { icon: Clock, tone: 'warn' },
  running: { icon: Pencil, tone: 'info' },
};

export function RunStatusPill({ status }: { status: string }) {
  const { icon: Icon, tone } = looks[status] ?? { icon: CircleDashed };
  return (
    <Status {...(tone && { tone })} icon={<Icon />}>
      {runStatusName(status)}
    </Status>
  );
}
