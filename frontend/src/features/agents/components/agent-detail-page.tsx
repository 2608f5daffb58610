/** One agent: what it is, what it may call, how it became so, and a place to try it. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import {
  ChevronLeft,
  CopyPlus,
  Ellipsis,
  KeyRound,
  MessageSquare,
  Pencil,
  Trash2,
  Users,
} from 'lucide-react';
import { useState } from 'react';
import { describe, Problem } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { Agent } from '@/api/types';
import { Classification } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu';
import { ErrorState, Skeleton, SkeletonRows } from '@/components/ui/states';
import { AccessDialog, RequestAccess, RequestDialog } from '@/features/access';
import { t } from '@/lib/i18n';
import { covers } from '@/lib/permissions';
import { toast } from '@/lib/toast';
import { agentById, useCloneAgent, useDeleteAgent } from '../queries';
import { Origin, Tag } from './agent-card';
import { AgentBuilder } from './agent-form';
import { AgentOverview } from './agent-overview';
import { AgentTest } from './agent-test';
import { AgentTile } from './agent-tile';
import { AgentTokens } from './agent-tokens';
import { AgentTools } from './agent-tools';
import { AgentVersions } from './agent-versions';
import '../agents.css';
import '@/styles/tabs.css';

type Part = 'overview' | 'tools' | 'test' | 'versions' | 'tokens';

export function AgentDetailPage({ agentId }: { agentId: string }) {
  const query = useQuery(agentById(agentId));
  const [editing, setEditing] = useState(false);

  return (
    <div className="page narrow">
      <Link to="/library/agents" className="btn -ml-3 -mb-4 justify-self-start text-sm text-text-2">
        <ChevronLeft size={16} />
        {t('Agents')}
      </Link>
      {query.isPending ? (
        <div className="grid gap-6" aria-busy="true">
          <Skeleton style={{ height: 40, width: '50%' }} />
          <SkeletonRows rows={6} />
        </div>
      ) : query.isError ? (
        <div className="card border-dashed">
          <ErrorState
            title={t('This agent could not be loaded')}
            error={query.error}
            onRetry={() => void query.refetch()}
          />
          {query.error instanceof Problem && query.error.status === 404 && (
            <div className="grid justify-items-center gap-2 px-5 pb-6 text-center text-sm text-text-2">
              <p>{t('If somebody sent you here, you can ask its owner to let you in.')}</p>
              <RequestAccess resource={{ kind: 'agent', id: agentId }} />
            </div>
          )}
        </div>
      ) : editing ? (
        <>
          <h1 className="display">{t('Edit {{name}}', { name: query.data.name })}</h1>
          <AgentBuilder
            agent={query.data}
            onCancel={() => setEditing(false)}
            onSaved={(saved) => {
              setEditing(false);
              toast.success(t('Saved as version {{version}}', { version: saved.current_version }));
            }}
          />
        </>
      ) : (
        <Detail agent={query.data} onEdit={() => setEditing(true)} />
      )}
    </div>
  );
}

function Detail({ agent, onEdit }: { agent: Agent; onEdit: () => void }) {
  const [part, setPart] = useState<Part>('overview');
  const { data: me } = useQuery(meQuery);
  // Official agents and those of other organisations get no tokens here.
  const ours = me?.organization.id === agent.organization_id;
  const parts: { id: Part; name: string }[] = [
    { id: 'overview', name: t('Overview') },
    { id: 'tools', name: t('Tools') },
    { id: 'test', name: t('Test') },
    { id: 'versions', name: t('Versions') },
    ...(ours && covers(me.permissions, 'agent_token.read')
      ? [{ id: 'tokens' as const, name: t('Tokens') }]
      : []),
  ];
  const move = (step: number) => {
    const at = parts.findIndex(({ id }) => id === part);
    const next = parts[(at + step + parts.length) % parts.length];
    if (!next) return;
    setPart(next.id);
    document.getElementById(`agent-tab-${next.id}`)?.focus();
  };
  return (
    <>
      <header className="flex flex-wrap items-start gap-4">
        <AgentTile id={agent.id} large />
        <div className="min-w-0 flex-1 basis-64">
          <h1 className="display">{agent.name}</h1>
          <div className="mt-2 flex flex-wrap items-center gap-3">
            <Origin agent={agent} />
            <Classification level={agent.data_classification} />
            {agent.tags.map((tag) => (
              <Tag key={tag} name={tag} />
            ))}
          </div>
        </div>
        <Actions agent={agent} onEdit={onEdit} />
      </header>
      {agent.description && <p className="max-w-[64ch] text-body text-text-2">{agent.description}</p>}
      <div>
        <div className="tabs border-border border-b" role="tablist" aria-label={t('About this agent')}>
          {parts.map(({ id, name }) => (
            <button
              key={id}
              id={`agent-tab-${id}`}
              type="button"
              role="tab"
              aria-selected={part === id}
              aria-controls="agent-part"
              tabIndex={part === id ? 0 : -1}
              onClick={() => setPart(id)}
              onKeyDown={(event) => {
                if (event.key === 'ArrowRight') move(1);
                else if (event.key === 'ArrowLeft') move(-1);
              }}
            >
              {name}
            </button>
          ))}
        </div>
        <div id="agent-part" role="tabpanel" aria-labelledby={`agent-tab-${part}`} className="pt-6">
          {part === 'overview' && <AgentOverview agent={agent} />}
          {part === 'tools' && <AgentTools agent={agent} onEdit={onEdit} />}
          {part === 'test' && <AgentTest agent={agent} />}
          {part === 'versions' && <AgentVersions agent={agent} />}
          {part === 'tokens' && <AgentTokens agent={agent} />}
        </div>
      </div>
    </>
  );
}

function Actions({ agent, onEdit }: { agent: Agent; onEdit: () => void }) {
  const clone = useCloneAgent();
  const remove = useDeleteAgent();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [dialog, setDialog] = useState<'access' | 'request' | null>(null);
  const { data: me } = useQuery(meQuery);
  const resource = { kind: 'agent' as const, id: agent.id };
  const ours = me?.organization.id === agent.organization_id;
  const copy = () =>
    clone.mutate(
      { id: agent.id },
      {
        onSuccess: (made) => {
          toast.success(t('Cloned as {{name}}', { name: made.name }));
          void navigate({ to: '/library/agents/$agentId', params: { agentId: made.id } });
        },
        onError: (error) => toast.error(describe(error)),
      },
    );
  return (
    <div className="flex items-center gap-2">
      {agent.can_share && (
        <Button variant="outline" onClick={() => setDialog('access')}>
          <Users size={15} />
          {t('Access')}
        </Button>
      )}
      {agent.can_edit ? (
        <Button variant="outline" onClick={onEdit}>
          <Pencil size={15} />
          {t('Edit')}
        </Button>
      ) : (
        <Button variant="outline" busy={clone.isPending} onClick={copy}>
          <CopyPlus size={15} />
          {t('Clone')}
        </Button>
      )}
      <Link to="/" search={{ agent: agent.id }} className="btn pri">
        <MessageSquare size={15} />
        {t('Try it')}
      </Link>
      <Menu
        align="end"
        trigger={
          <IconButton label={t('More about this agent')}>
            <Ellipsis size={18} />
          </IconButton>
        }
      >
        <MenuItem icon={<CopyPlus size={16} />} onSelect={copy} disabled={clone.isPending}>
          {t('Clone')}
        </MenuItem>
        {ours && !agent.can_edit && (
          <MenuItem icon={<KeyRound size={16} />} onSelect={() => setDialog('request')}>
            {t('Request more access')}
          </MenuItem>
        )}
        {agent.can_edit && (
          <>
            <MenuSeparator />
            <MenuItem icon={<Trash2 size={16} />} danger onSelect={() => setAsking(true)}>
              {t('Delete')}
            </MenuItem>
          </>
        )}
      </Menu>
      <AccessDialog
        open={dialog === 'access'}
        onClose={() => setDialog(null)}
        resource={resource}
        name={agent.name}
      />
      <RequestDialog
        open={dialog === 'request'}
        onClose={() => setDialog(null)}
        resource={resource}
        name={agent.name}
      />
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('Delete {{name}}?', { name: agent.name })}
        description={t('Conversations with it stay readable, but it will answer no more.')}
        confirm={t('Delete')}
        onConfirm={async () => {
          // The page goes first: what it shows could not be read again afterwards.
          await navigate({ to: '/library/agents' });
          try {
            await remove.mutateAsync(agent.id);
            toast.success(t('{{name}} was deleted', { name: agent.name }));
          } catch (error) {
            toast.error(describe(error));
          }
        }}
      />
    </div>
  );
}
