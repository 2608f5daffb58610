/** How a run stands, as a pill. */
import { Check, CircleDashed, Clock, Pencil, Square, TriangleAlert, X } from 'lucide-react';
import { runStatusName } from '@/lib/names';
import { Status } from './badges';

export function RunStatusPill({ status }: { status: string }) {
  const name = runStatusName(status);
  switch (status) {
    case 'succeeded':
      return (
        <Status tone="ok" icon={<Check />}>
          {name}
        </Status>
      );
    case 'failed':
    case 'timed_out':
      return (
        <Status tone="err" icon={<TriangleAlert />}>
          {name}
        </Status>
      );
    case 'denied':
      return (
        <Status tone="err" icon={<X />}>
          {name}
        </Status>
      );
    case 'cancelled':
      return <Status icon={<Square />}>{name}</Status>;
    case 'interrupted':
      return (
        <Status tone="warn" icon={<TriangleAlert />}>
          {name}
        </Status>
      );
    case 'waiting':
      return (
        <Status tone="warn" icon={<Clock />}>
          {name}
        </Status>
      );
    case 'running':
      return (
        <Status tone="info" icon={<Pencil />}>
          {name}
        </Status>
      );
    default:
      return <Status icon={<CircleDashed />}>{name}</Status>;
  }
}
