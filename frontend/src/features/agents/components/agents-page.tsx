/** The library: every agent a person may use. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Check, Hexagon, LayoutGrid, List, Plus } from 'lucide-react';
import { useDeferredValue, useMemo, useState } from 'react';
import { describe } from '@/api/problem';
import { meQuery, modelsQuery } from '@/api/queries';
import { LibraryHead, LibraryList, LibrarySearch } from '@/components/shared/library';
import { Segmented } from '@/components/ui/segmented';
import { EmptyState } from '@/components/ui/states';
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
      <LibraryHead
        title={t('Agents')}
        lead={t('Each with its own instructions, model and tools. Ready to try in a chat.')}
      >
        <Link to="/library/agents/new" className="btn pri">
          <Plus size={16} />
          {t('New agent')}
        </Link>
      </LibraryHead>

      <div className="grid gap-4">
        <div className="flex flex-wrap gap-3">
          <LibrarySearch
            label={t('Search agents')}
            placeholder={t('Search by name or task')}
            value={query}
            onChange={setQuery}
          />
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

      <LibraryList
        label={t('Agents')}
        list={list}
        length={agents.length}
        counted={t('{{count}} agents', { count: agents.length })}
        skeleton={<AgentCardSkeleton />}
        failed={t('The agents could not be loaded')}
        filtered={filtered}
        nothing={t('No agent fits this search. Try fewer words, or look at all of them.')}
        onClear={() => {
          setQuery('');
          setWhose('all');
          setTag(undefined);
        }}
        empty={
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
        }
        className={view === 'grid' ? 'library-grid' : 'agent-rows card'}
      >
        {agents.map((agent) => (
          <Entry
            key={agent.id}
            agent={agent}
            modelName={modelName(agent.model)}
            cloning={clone.isPending && clone.variables.id === agent.id}
            onClone={() => copy(agent.id)}
          />
        ))}
      </LibraryList>
    </div>
  );
}
