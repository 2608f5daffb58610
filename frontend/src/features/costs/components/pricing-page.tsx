/** What models cost, from when on. Everybody may look; the platform's administrators set prices. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Plus, Tags } from 'lucide-react';
import { useState } from 'react';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { Segmented } from '@/components/ui/segmented';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { dateTime, price } from '@/lib/format';
import { t } from '@/lib/i18n';
import { type Price, pricesQuery } from '../queries';
import { allowed, CostsFrame } from './costs-frame';
import { PriceDialog } from './price-dialog';

export function PricingPage() {
  const [doing, setDoing] = useState<Price | 'new'>();
  return (
    <CostsFrame
      title={t('Pricing')}
      lead={t(
        'What 1,000 tokens of each model cost. A call is charged at the price of its moment, for good.',
      )}
      needs="pricing.read"
      actions={(me) =>
        allowed(me, 'pricing.update') && (
          <Button variant="primary" onClick={() => setDoing('new')}>
            <Plus size={16} />
            {t('New price')}
          </Button>
        )
      }
    >
      {(me) => (
        <>
          <Prices onChange={allowed(me, 'pricing.update') ? setDoing : undefined} />
          {doing && (
            <PriceDialog from={doing === 'new' ? undefined : doing} onClose={() => setDoing(undefined)} />
          )}
        </>
      )}
    </CostsFrame>
  );
}

function Prices({ onChange }: { onChange: ((price: Price) => void) | undefined }) {
  const [shown, setShown] = useState<'current' | 'all'>('current');
  const list = useInfiniteQuery(pricesQuery(shown === 'current'));
  const prices = list.data?.pages.flatMap((page) => page.items) ?? [];
  const now = Date.now();
  return (
    <>
      <div>
        <Segmented<'current' | 'all'>
          label={t('Prices')}
          value={shown}
          onChange={setShown}
          options={[
            { value: 'current', label: t('In force') },
            { value: 'all', label: t('All, with earlier and later ones') },
          ]}
        />
      </div>
      {list.isPending ? (
        <SkeletonRows rows={8} className="py-4" />
      ) : list.isError ? (
        <div className="card border-dashed">
          <ErrorState
            title={t('The prices could not be loaded')}
            error={list.error}
            onRetry={() => void list.refetch()}
          />
        </div>
      ) : prices.length === 0 ? (
        <div className="card border-dashed">
          <EmptyState icon={<Tags />} title={t('No prices yet')}>
            {t('A model without a price counts as free.')}
          </EmptyState>
        </div>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways is reachable by keyboard
        <section className="card cost-scroll" tabIndex={0} aria-label={t('Prices of models')}>
          <table className="table cost-table num">
            <thead>
              <tr>
                <th scope="col">{t('Model')}</th>
                <th scope="col" className="text-right!">
                  {t('1,000 read')}
                </th>
                <th scope="col" className="text-right!">
                  {t('1,000 from a cache')}
                </th>
                <th scope="col" className="text-right!">
                  {t('1,000 written')}
                </th>
                <th scope="col">{t('From')}</th>
                <th scope="col">{t('Set by')}</th>
                {onChange && (
                  <th scope="col">
                    <span className="sr-only">{t('Actions')}</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {prices.map((row) => (
                <tr key={row.id}>
                  <td className="min-w-44">
                    <span className="mono">{row.model_name}</span>
                    {row.provider && <span className="block text-text-3 text-xs">{row.provider}</span>}
                  </td>
                  <td className="text-right">{price(row.input_cost_per_1k, row.currency)}</td>
                  <td className="text-right">
                    {row.cached_input_cost_per_1k ? price(row.cached_input_cost_per_1k, row.currency) : '–'}
                  </td>
                  <td className="text-right">{price(row.output_cost_per_1k, row.currency)}</td>
                  <td className="whitespace-nowrap">
                    {Date.parse(row.effective_from) <= 0 ? t('always') : dateTime(row.effective_from)}
                  </td>
                  <td>
                    <span className="flex flex-wrap gap-2">
                      {row.source === 'administrator' ? t('Administrator') : t('Catalogue')}
                      {!row.is_active && <Status>{t('Off')}</Status>}
                      {Date.parse(row.effective_from) > now && <Status tone="info">{t('Later')}</Status>}
                    </span>
                  </td>
                  {onChange && (
                    <td className="text-right">
                      <Button
                        size="xs"
                        variant="outline"
                        aria-label={t('New price for {{model}}', { model: row.model_name })}
                        onClick={() => onChange(row)}
                      >
                        {t('New price')}
                      </Button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {list.hasNextPage && (
        <div className="text-center">
          <Button variant="outline" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t('Show more')}
          </Button>
        </div>
      )}
    </>
  );
}
