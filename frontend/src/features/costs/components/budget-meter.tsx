/** How far a budget is used up: a bar, the sentence it draws, and a word. */
import { Ban, Check, TriangleAlert } from 'lucide-react';
import { Status } from '@/components/ui/badges';
import { cx } from '@/lib/cx';
import { dateTime, price } from '@/lib/format';
import { t } from '@/lib/i18n';
import type { Budget, OwnBudget } from '../queries';

type Standing = Pick<
  OwnBudget,
  'limit' | 'spent' | 'currency' | 'state' | 'hard_stop' | 'resets_at' | 'period'
> &
  Partial<Pick<Budget, 'reserved'>>;

export function BudgetState({ budget }: { budget: Pick<Standing, 'state' | 'hard_stop'> }) {
  if (budget.state === 'ok') {
    return (
      <Status tone="ok" icon={<Check />}>
        {t('Within')}
      </Status>
    );
  }
  if (budget.state === 'warning') {
    return (
      <Status tone="warn" icon={<TriangleAlert />}>
        {t('Nearly spent')}
      </Status>
    );
  }
  return (
    <Status tone="err" icon={<Ban />}>
      {budget.hard_stop ? t('Spent: calls stop') : t('Spent')}
    </Status>
  );
}

export function BudgetMeter({ name, budget }: { name: string; budget: Standing }) {
  const limit = Number(budget.limit);
  const share = (amount: string) => Math.min(100, limit > 0 ? (Number(amount) / limit) * 100 : 0);
  const spent = share(budget.spent);
  const held = Math.min(100 - spent, share(budget.reserved ?? '0'));
  const says = t('{{spent}} of {{limit}}', {
    spent: price(budget.spent, budget.currency),
    limit: price(budget.limit, budget.currency),
  });
  return (
    <div className="grid gap-1.5">
      <div
        className={cx('progress', budget.state)}
        role="progressbar"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(spent)}
        aria-valuetext={says}
      >
        <span style={{ width: `${spent}%` }} />
        {held > 0 && <span className="held" style={{ width: `${held}%` }} />}
      </div>
      <p className="num flex flex-wrap gap-x-3 text-sm text-text-2">
        <span>{says}</span>
        {Number(budget.reserved ?? 0) > 0 && (
          <span className="text-text-3">
            {t('{{held}} held for calls under way', { held: price(budget.reserved ?? '0', budget.currency) })}
          </span>
        )}
        <span className="text-text-3">
          {budget.resets_at
            ? t('starts again {{when}}', { when: dateTime(budget.resets_at) })
            : budget.period === 'total'
              ? t('never starts again')
              : ''}
        </span>
      </p>
    </div>
  );
}
