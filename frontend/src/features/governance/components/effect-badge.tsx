/** What a decision says. */
import { Check, UserRound, X } from 'lucide-react';
import type { Effect } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { effectName } from '../model/form';

const looks = {
  allow: { tone: 'ok', icon: <Check /> },
  approve: { tone: 'warn', icon: <UserRound /> },
  deny: { tone: 'err', icon: <X /> },
} as const;

export function EffectBadge({ effect }: { effect: Effect }) {
  return (
    <Status tone={looks[effect].tone} icon={looks[effect].icon}>
      {effectName(effect)}
    </Status>
  );
}
