/** One line above the composer while a budget is near its end or spent, with the way to what it says. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Wallet } from 'lucide-react';
import { Notice } from '@/components/ui/states';
import { dateTime, price } from '@/lib/format';
import { t } from '@/lib/i18n';
import { type OwnBudget, ownBudgetsQuery } from '../queries';

/** The one that matters most: what stops calls before what only tells, what is spent before what will be. */
export function worst(budgets: OwnBudget[]): OwnBudget | undefined {
  const rank = (budget: OwnBudget) =>
    (budget.state === 'exhausted' ? 2 : budget.state === 'warning' ? 0 : -9) + (budget.hard_stop ? 1 : 0);
  return [...budgets].sort((a, b) => rank(b) - rank(a)).find((budget) => budget.state !== 'ok');
}

export function BudgetBanner() {
  const { data } = useQuery(ownBudgetsQuery);
  const budget = worst(data?.items ?? []);
  if (!budget) return null;
  const { name } = budget;
  const when = budget.resets_at
    ? ` ${t('It starts again on {{when}}.', { when: dateTime(budget.resets_at) })}`
    : '';
  const spent = budget.state === 'exhausted';
  return (
    <div className="rise mx-4 mb-2 md:mx-auto md:w-full md:max-w-[736px]">
      <Notice
        tone={spent && budget.hard_stop ? 'err' : 'warn'}
        icon={<Wallet size={17} />}
        action={
          <Link to="/settings/$tab" params={{ tab: 'usage' }} className="link whitespace-nowrap text-sm">
            {t('See usage')}
          </Link>
        }
      >
        <span className="text-sm">
          {spent
            ? budget.hard_stop
              ? t('The budget “{{name}}” is spent, so models that cost something do not answer.', { name })
              : t('The budget “{{name}}” is spent.', { name })
            : t('The budget “{{name}}” is nearly spent: {{spent}} of {{limit}}.', {
                name,
                spent: price(budget.spent, budget.currency),
                limit: price(budget.limit, budget.currency),
              })}
          {spent && when}
        </span>
      </Notice>
    </div>
  );
}
