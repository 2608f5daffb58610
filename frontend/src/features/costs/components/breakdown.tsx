/** What things cost, the dearest first: a table whose bars show the share. */
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Button } from '@/components/ui/button';
import { ErrorState, SkeletonRows } from '@/components/ui/states';
import { count, price, short } from '@/lib/format';
import { t } from '@/lib/i18n';
import type { CostSearch } from '../model/search';
import { breakdownQuery, type Dimension, type Group } from '../queries';

const FEW = 8;

function name(group: Group, by: Dimension): string {
  if (group.name) return group.name;
  if (group.key === '') return by === 'user' ? t('Machines') : by === 'agent' ? t('No agent') : t('None');
  return by === 'model' ? group.key : t('Deleted ({{id}})', { id: group.key.slice(0, 8) });
}

export function Breakdown({
  organization,
  by,
  title,
  search,
  currency,
  onPick,
}: {
  organization: string;
  by: Dimension;
  title: string;
  search: CostSearch;
  currency: string;
  /** Narrows everything to one of them. */
  onPick?: (key: string) => void;
}) {
  const { data, error, isPending, refetch } = useQuery(breakdownQuery(organization, by, search));
  const [all, setAll] = useState(false);
  const heading = useId();
  const groups = data?.items.filter((group) => group.currency === currency) ?? [];
  const most = Math.max(...groups.map((group) => Number(group.cost)), 0);
  const shown = all ? groups : groups.slice(0, FEW);
  return (
    <section className="card min-w-0" aria-labelledby={heading}>
      <h2 id={heading} className="h px-4 pt-4">
        {title}
      </h2>
      {isPending ? (
        <SkeletonRows rows={4} className="p-4" />
      ) : error ? (
        <ErrorState title={t('This could not be loaded')} error={error} onRetry={() => void refetch()} />
      ) : groups.length === 0 ? (
        <p className="p-4 text-sm text-text-3">{t('Nothing was called in this time.')}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways is reachable by keyboard
        <section className="cost-scroll mt-2" tabIndex={0} aria-label={title}>
          <table className="table cost-table num">
            <thead>
              <tr>
                <th scope="col">{t('Name')}</th>
                <th scope="col" className="text-right!">
                  {t('Calls')}
                </th>
                <th scope="col" className="text-right!">
                  {t('Tokens')}
                </th>
                <th scope="col" className="text-right!">
                  {t('Cost')}
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((group) => (
                <tr key={group.key}>
                  <td className="w-full min-w-40">
                    {onPick && group.key ? (
                      <button type="button" className="link text-start" onClick={() => onPick(group.key)}>
                        {name(group, by)}
                      </button>
                    ) : (
                      name(group, by)
                    )}
                    <span className="share" aria-hidden="true">
                      <span style={{ width: `${most > 0 ? (Number(group.cost) / most) * 100 : 0}%` }} />
                    </span>
                  </td>
                  <td className="text-right">{count(group.calls)}</td>
                  <td className="text-right" title={count(group.input_tokens + group.output_tokens)}>
                    {short(group.input_tokens + group.output_tokens)}
                  </td>
                  <td className="whitespace-nowrap text-right">{price(group.cost, group.currency)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {groups.length > FEW && (
            <div className="p-3 text-center">
              <Button size="xs" onClick={() => setAll(!all)}>
                {all ? t('Show fewer') : t('Show all {{count}}', { count: groups.length })}
              </Button>
            </div>
          )}
        </section>
      )}
    </section>
  );
}
