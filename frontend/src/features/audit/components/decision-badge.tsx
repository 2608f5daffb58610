/** Whether something went on: colour, sign and word. */
import { Check, X } from 'lucide-react';
import { Status } from '@/components/ui/badges';
import { t } from '@/lib/i18n';

export function DecisionBadge({ decision }: { decision: 'allow' | 'deny' }) {
  return decision === 'allow' ? (
    <Status tone="ok" icon={<Check />}>
      {t('Allowed')}
    </Status>
  ) : (
    <Status tone="err" icon={<X />}>
      {t('Denied')}
    </Status>
  );
}
