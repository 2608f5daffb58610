/** The MCP servers that agents can use, and how they are doing. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Plug, Plus, Search } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { describe } from '@/api/problem';
import type { Connector } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Segmented } from '@/components/ui/segmented';
import { EmptyState, ErrorState } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { connectorList, useConnect } from '../queries';
import { AddWizard } from './add-wizard';
import { ServerCard, ServerCardSkeleton } from './server-card';
import '../mcp.css';

type Origin = 'all' | Connector['origin'];

export function ServersPage() {
  const [query, setQuery] = useState('');
  const q = useDeferredValue(query.trim());
  const [origin, setOrigin] = useState<Origin>('all');
  const [adding, setAdding] = useState(false);
  const list = useInfiniteQuery(connectorList(q));
  const connect = useConnect();

  const loaded = list.data?.pages.flatMap((page) => page.items) ?? [];
  const servers = origin === 'all' ? loaded : loaded.filter((connector) => connector.origin === origin);
  const filtered = q !== '' || origin !== 'all';

  const test = (connector: Connector) =>
    connect.mutate(connector.id, {
      onSuccess: (answer) => {
        if (answer.needs_confirmation) {
          toast.message(
            t('{{name}}: an administrator has to confirm its command first.', { name: connector.name }),
          );
        } else if (answer.ok) {
          toast.success(
            t('{{name}} answered in {{ms}} ms', { name: connector.name, ms: Math.round(answer.latency_ms) }),
          );
        } else {
          toast.error(`${connector.name}: ${answer.error?.detail ?? t('no answer')}`);
        }
      },
      onError: (error) => toast.error(describe(error)),
    });

  return (
    <div className="page">
      <header className="flex flex-wrap items-end gap-4">
        <div className="min-w-0 flex-1 basis-64">
          <h1 className="display">{t('MCP servers')}</h1>
          <p className="mt-2 text-body text-text-2">
            {t('Where agents get their tools: look things up, write files, call other systems.')}
          </p>
        </div>
        <Button variant="primary" onClick={() => setAdding(true)}>
          <Plus size={16} />
          {t('Add server')}
        </Button>
      </header>

      <div className="flex flex-wrap items-center gap-3">
        <label className="field min-h-[46px] flex-1 basis-72 rounded-lg text-body">
          <Search size={18} className="flex-none text-text-3" aria-hidden="true" />
          <input
            type="search"
            aria-label={t('Search servers')}
            placeholder={t('Search by name or tool')}
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </label>
        <Segmented<Origin>
          label={t('Origin')}
          value={origin}
          onChange={setOrigin}
          options={[
            { value: 'all', label: t('All') },
            { value: 'official', label: t('Official') },
            { value: 'community', label: t('Community') },
            { value: 'private', label: t('Private') },
          ]}
        />
      </div>

      {list.isPending ? (
        <div className="server-grid" aria-busy="true">
          <span className="sr-only" role="status">
            {t('Loading')}
          </span>
          {Array.from({ length: 3 }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: skeletons have no identity
            <ServerCardSkeleton key={index} />
          ))}
        </div>
      ) : list.isError ? (
        <div className="card border-dashed">
          <ErrorState
            title={t('The servers could not be loaded')}
            error={list.error}
            onRetry={() => void list.refetch()}
          />
        </div>
      ) : servers.length === 0 ? (
        <div className="card border-dashed">
          {filtered ? (
            <EmptyState
              icon={<Search />}
              title={t('Nothing matches')}
              action={
                <Button
                  variant="outline"
                  onClick={() => {
                    setQuery('');
                    setOrigin('all');
                  }}
                >
                  {t('Clear the filters')}
                </Button>
              }
            >
              {t('No server fits this search.')}
            </EmptyState>
          ) : (
            <EmptyState
              icon={<Plug />}
              title={t('No servers yet')}
              action={
                <Button variant="outline" onClick={() => setAdding(true)}>
                  {t('Add server')}
                </Button>
              }
            >
              {t('Connect a server that speaks the Model Context Protocol, and agents can use its tools.')}
            </EmptyState>
          )}
        </div>
      ) : (
        <>
          <div className="server-grid">
            {servers.map((connector) => (
              <ServerCard
                key={connector.id}
                connector={connector}
                testing={connect.isPending && connect.variables === connector.id}
                onTest={() => test(connector)}
              />
            ))}
          </div>
          {list.hasNextPage && (
            <div className="text-center">
              <Button
                variant="outline"
                busy={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                {t('Show more')}
              </Button>
            </div>
          )}
        </>
      )}
      <AddWizard open={adding} onClose={() => setAdding(false)} />
    </div>
  );
}
