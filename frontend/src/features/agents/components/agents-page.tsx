/** The library: every agent a person may use. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Check, Hexagon, LayoutGrid, List, Plus, Search } from 'lucide-react';
import { useDeferredValue, useMemo, useState } from 'react';
import { describe } from '@/api/problem';
import { meQuery, modelsQuery } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { Segmented } from '@/components/ui/segmented';
import { EmptyState, ErrorState } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { agentList, useCloneAgent } from '../queries';
import { AgentCard, AgentCardSkeleton, AgentRow } from './agent-card';
import '../agents.css';

type Whose = 'all' | 'official' | 'mine';
type View = 'grid' | 'list';

const VIEW = 'conductor.agents.view';

export function AgentsPage() {
  const [query, setQuery] = useState('');
  const q = useDeferredValue(query.trim());
  const [whose, setWhose] = useState<Whose>('all');
  const [tag, setTag] = useState<string>();
  const [view, setView] = useState<View>(() => (localStorage.getItem(VIEW) === 'list' ? 'list' : 'grid'));
  const me = useQuery(meQuery);
  const models = useQuery(modelsQuery);
  const official = whose === 'official' ? true : whose === 'mine' ? false : undefined;
  const list = useInfiniteQuery(agentList({ q, official, tag }));
  const clone = useCloneAgent();
  const navigate = useNavigate();

  const loaded = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const agents =
    whose === 'mine' ? loaded.filter((agent) => agent.owner_user_id === me.data?.user.id) : loaded;
  const tags = useMemo(() => {
    const counts = new Map<string, number>();
    for (const agent of loaded) for (const name of agent.tags) counts.set(name, (counts.get(name) ?? 0) + 1);
    const names = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([name]) => name);
    return tag && !names.includes(tag) ? [tag, ...names] : names;
  }, [loaded, tag]);
  const modelName = (id: string) => models.data?.items.find((model) => model.id === id)?.display_name ?? id;
  const filtered = q !== '' || whose !== 'all' || tag !== undefined;

  const show = (next: View) => {
    setView(next);
    localStorage.setItem(VIEW, next);
  };
  const copy = (id: string) =>
    clone.mutate(
      { id },
      {
        onSuccess: (agent) => navigate({ to: '/library/agents/$agentId', params: { agentId: agent.id } }),
        onError: (error) => toast.error(describe(error)),
      },
    );
  const Entry = view === 'grid' ? AgentCard : AgentRow;

  return (
    <div className="page">
      <header className="flex flex-wrap items-end gap-4">
        <div className="min-w-0 flex-1 basis-64">
          <h1 className="display">{t('Agents')}</h1>
          <p className="mt-2 text-body text-text-2">
            {t('Each with its own instructions, model and tools. Ready to try in a chat.')}
          </p>
        </div>
        <Link to="/library/agents/new" className="btn pri">
          <Plus size={16} />
          {t('New agent')}
        </Link>
      </header>

      <div className="grid gap-4">
        <div className="flex flex-wrap gap-3">
          <label className="field min-h-[46px] flex-1 basis-72 rounded-lg text-body">
            <Search size={18} className="flex-none text-text-3" aria-hidden="true" />
            <input
              type="search"
              aria-label={t('Search agents')}
              placeholder={t('Search by name or task')}
              value={query}
              onChange={(event) => setQuery(event.target.value)}
            />
          </label>
          <Segmented<View>
            label={t('View')}
            value={view}
            onChange={show}
            options={[
              {
                value: 'grid',
                label: (
                  <>
                    <LayoutGrid size={18} aria-hidden="true" />
                    <span className="sr-only">{t('Grid')}</span>
                  </>
                ),
              },
              {
                value: 'list',
                label: (
                  <>
                    <List size={18} aria-hidden="true" />
                    <span className="sr-only">{t('List')}</span>
                  </>
                ),
              },
            ]}
          />
        </div>
        <div className="flex flex-wrap items-center gap-2">
          {tags.slice(0, 10).map((name) => (
            <button
              key={name}
              type="button"
              className="chip"
              aria-pressed={tag === name}
              onClick={() => setTag(tag === name ? undefined : name)}
            >
              {tag === name && <Check size={14} aria-hidden="true" />}
              {name}
            </button>
          ))}
          <span className="flex-1" />
          <Segmented<Whose>
            label={t('Whose agents')}
            value={whose}
            onChange={setWhose}
            options={[
              { value: 'all', label: t('All') },
              { value: 'official', label: t('Official') },
              { value: 'mine', label: t('Mine') },
            ]}
          />
        </div>
      </div>

      {list.isPending ? (
        <div className="agent-grid" aria-busy="true">
          <span className="sr-only" role="status">
            {t('Loading')}
          </span>
          {Array.from({ length: 6 }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: skeletons have no identity
            <AgentCardSkeleton key={index} />
          ))}
        </div>
      ) : list.isError ? (
        <div className="card border-dashed">
          <ErrorState
            title={t('The agents could not be loaded')}
            error={list.error}
            onRetry={() => void list.refetch()}
          />
        </div>
      ) : agents.length === 0 ? (
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
                    setWhose('all');
                    setTag(undefined);
                  }}
                >
                  {t('Clear the filters')}
                </Button>
              }
            >
              {t('No agent fits this search. Try fewer words, or look at all of them.')}
            </EmptyState>
          ) : (
            <EmptyState
              icon={<Hexagon />}
              title={t('No agents yet')}
              action={
                <Link to="/library/agents/new" className="btn out">
                  {t('New agent')}
                </Link>
              }
            >
              {t('Agents that you or your team make will stand here.')}
            </EmptyState>
          )}
        </div>
      ) : (
        <section aria-label={t('Agents')}>
          <p className="mb-4 text-sm text-text-3" role="status">
            {t('{{count}} agents', { count: agents.length })}
            {list.hasNextPage && ` ${t('so far')}`}
          </p>
          <div className={view === 'grid' ? 'agent-grid' : 'agent-rows card'}>
            {agents.map((agent) => (
              <Entry
                key={agent.id}
                agent={agent}
                modelName={modelName(agent.model)}
                cloning={clone.isPending && clone.variables.id === agent.id}
                onClone={() => copy(agent.id)}
              />
            ))}
          </div>
          {list.hasNextPage && (
            <div className="mt-6 text-center">
              <Button
                variant="outline"
                busy={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                {t('Show more')}
              </Button>
            </div>
          )}
        </section>
      )}
    </div>
  );
}
