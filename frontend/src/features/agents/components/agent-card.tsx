/** One agent in the library, as a card or as a row. */
import { Link } from '@tanstack/react-router';
import { BadgeCheck, Wrench } from 'lucide-react';
import type { Agent } from '@/api/types';
import { Classification, Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { AgentTile } from './agent-tile';

interface Props {
  agent: Agent;
  modelName: string;
  cloning: boolean;
  onClone: () => void;
}

const TAG_COLOURS = ['var(--agent-blue)', 'var(--agent-green)', 'var(--agent-purple)', 'var(--accent)'];

export function Tag({ name }: { name: string }) {
  const sum = [...name].reduce((total, char) => total + (char.codePointAt(0) ?? 0), 0);
  return (
    <span className="tag" style={{ ['--c' as string]: TAG_COLOURS[sum % TAG_COLOURS.length] }}>
      {name}
    </span>
  );
}

/** Who stands behind it. */
export function Origin({ agent }: { agent: Agent }) {
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-2 text-xs text-text-3">
      {agent.is_official ? (
        <Status tone="info" icon={<BadgeCheck />}>
          {t('Official')}
        </Status>
      ) : (
        <span>{agent.visibility === 'private' ? t('Private') : t('Shared')}</span>
      )}
      {!agent.is_active && <Status>{t('Off')}</Status>}
    </span>
  );
}

function toolCount(agent: Agent): string {
  const count = agent.tools.length;
  const servers = agent.mcp_servers.length;
  const parts = [];
  if (count > 0) parts.push(t('{{count}} tools', { count }));
  if (servers > 0) parts.push(t('{{count}} servers', { count: servers }));
  return parts.join(', ') || t('No tools');
}

function Actions({ agent, cloning, onClone }: Omit<Props, 'modelName'>) {
  return (
    <>
      <Button
        className="relative z-1 text-sm"
        busy={cloning}
        onClick={onClone}
        aria-label={t('Clone {{name}}', { name: agent.name })}
      >
        {t('Clone')}
      </Button>
      <Link
        to="/"
        search={{ agent: agent.id }}
        className="btn out relative z-1 text-sm"
        aria-label={t('Try {{name}} in a chat', { name: agent.name })}
      >
        {t('Try it')}
      </Link>
    </>
  );
}

export function AgentCard({ agent, modelName, cloning, onClone }: Props) {
  return (
    <article className="agent-card card">
      <header className="flex items-center gap-3">
        <AgentTile id={agent.id} />
        <div className="min-w-0 flex-1">
          <h3 className="card-title truncate">
            {/* The whole card is the link; the buttons lie above it. */}
            <Link to="/library/agents/$agentId" params={{ agentId: agent.id }} className="agent-card-link">
              {agent.name}
            </Link>
          </h3>
          <div className="mt-1">
            <Origin agent={agent} />
          </div>
        </div>
      </header>
      <p className="line-clamp-3 text-text-2">{agent.description || t('No description yet.')}</p>
      <div className="flex flex-wrap items-center gap-3">
        <Classification level={agent.data_classification} />
        {agent.tags.slice(0, 3).map((tag) => (
          <Tag key={tag} name={tag} />
        ))}
      </div>
      <footer>
        <span className="min-w-0 flex-1">
          <span className="block truncate">{modelName}</span>
          <span className="flex items-center gap-1 text-xs text-text-3">
            <Wrench size={12} aria-hidden="true" />
            {toolCount(agent)}
          </span>
        </span>
        <Actions agent={agent} cloning={cloning} onClone={onClone} />
      </footer>
    </article>
  );
}

export function AgentRow({ agent, modelName, cloning, onClone }: Props) {
  return (
    <article className="agent-row">
      <AgentTile id={agent.id} />
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h3 className="card-title text-[1.0625rem]">
            <Link to="/library/agents/$agentId" params={{ agentId: agent.id }} className="agent-card-link">
              {agent.name}
            </Link>
          </h3>
          <Origin agent={agent} />
        </div>
        <p className="mt-0.5 truncate text-text-2">{agent.description || t('No description yet.')}</p>
      </div>
      <div className="hidden flex-none items-center gap-3 md:flex">
        <Classification level={agent.data_classification} />
        <span className="w-[14ch] truncate text-right text-sm text-text-3">{modelName}</span>
      </div>
      <div className="flex flex-none items-center gap-1">
        <Actions agent={agent} cloning={cloning} onClone={onClone} />
      </div>
    </article>
  );
}

export function AgentCardSkeleton() {
  return (
    <div className="agent-card card" aria-hidden="true">
      <div className="flex items-center gap-3">
        <Skeleton style={{ width: 40, height: 40, borderRadius: 12 }} />
        <div className="grid flex-1 gap-2">
          <Skeleton style={{ width: '60%' }} />
          <Skeleton style={{ width: '35%', height: 9 }} />
        </div>
      </div>
      <div className="grid content-start gap-2.5">
        <Skeleton />
        <Skeleton style={{ width: '92%' }} />
        <Skeleton style={{ width: '54%' }} />
      </div>
      <Skeleton style={{ width: '45%' }} />
      <Skeleton style={{ height: 9 }} />
    </div>
  );
}
