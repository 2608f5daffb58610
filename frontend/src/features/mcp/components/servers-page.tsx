/** The MCP servers that agents can use, and how they are doing. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Plug, Plus } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { describe } from '@/api/problem';
import type { Connector } from '@/api/types';
import { LibraryHead, LibraryList, LibrarySearch } from '@/components/shared/library';
import { Button } from '@/components/ui/button';
import { Segmented } from '@/components/ui/segmented';
import { EmptyState } from '@/components/ui/states';
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
      <LibraryHead
        title={t('MCP servers')}
        lead={t('Where agents get their tools: look things up, write files, call other systems.')}
      >
        <Button variant="primary" onClick={() => setAdding(true)}>
          <Plus size={16} />
          {t('Add server')}
        </Button>
      </LibraryHead>

      <div className="flex flex-wrap items-center gap-3">
        <LibrarySearch
          label={t('Search servers')}
          placeholder={t('Search by name or tool')}
          value={query}
          onChange={setQuery}
        />
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

      <LibraryList
        label={t('MCP servers')}
        list={list}
        length={servers.length}
        skeleton={<ServerCardSkeleton />}
        skeletons={3}
        failed={t('The servers could not be loaded')}
        filtered={filtered}
        nothing={t('No server fits this search.')}
        onClear={() => {
          setQuery('');
          setOrigin('all');
        }}
        empty={
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
        }
      >
        {servers.map((connector) => (
          <ServerCard
            key={connector.id}
            connector={connector}
            testing={connect.isPending && connect.variables === connector.id}
            onTest={() => test(connector)}
          />
        ))}
      </LibraryList>
      <AddWizard open={adding} onClose={() => setAdding(false)} />
    </div>
  );
}
