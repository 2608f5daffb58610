/** The tools that this agent may call now, wherever they come from. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plug, Wrench } from 'lucide-react';
import type { Agent, AvailableTool } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { agentTools } from '../queries';

export function AgentTools({ agent, onEdit }: { agent: Agent; onEdit: () => void }) {
  const tools = useQuery(agentTools(agent.id));
  if (tools.isPending) return <SkeletonRows rows={5} />;
  if (tools.isError) {
    return (
      <ErrorState
        title={t('The tools could not be loaded')}
        error={tools.error}
        onRetry={() => void tools.refetch()}
      />
    );
  }
  if (tools.data.items.length === 0) {
    return (
      <EmptyState
        icon={<Wrench />}
        title={t('No tools')}
        action={
          agent.can_edit ? (
            <Button variant="outline" onClick={onEdit}>
              {t('Choose tools')}
            </Button>
          ) : undefined
        }
      >
        {t('This agent only talks. Give it tools, and it can look things up and act.')}
      </EmptyState>
    );
  }
  const groups = new Map<string, AvailableTool[]>();
  for (const tool of tools.data.items) {
    const name =
      tool.server ??
      (tool.connector_id ? t('MCP server') : tool.source === 'agent' ? t('Agents') : t('Built in'));
    groups.set(name, [...(groups.get(name) ?? []), tool]);
  }
  return (
    <div className="grid grid-cols-1 gap-6">
      {[...groups].map(([name, members]) => (
        <section key={name}>
          <h2 className="h mb-2 flex items-center gap-2 text-[0.9375rem]">
            {members[0]?.connector_id ? (
              <Plug size={16} className="text-text-3" />
            ) : (
              <Wrench size={16} className="text-text-3" />
            )}
            {members[0]?.connector_id ? (
              <Link
                to="/servers/$serverId"
                params={{ serverId: members[0].connector_id }}
                className="hover:underline"
              >
                {name}
              </Link>
            ) : (
              name
            )}
            <span className="st count num">{members.length}</span>
          </h2>
          <ul className="tool-list">
            {members.map((tool) => (
              <li key={tool.name} className="flex items-start gap-3 px-4 py-3">
                <div className="min-w-0 flex-1">
                  <p className="mono font-medium" title={tool.name}>
                    {tool.display_name || tool.name}
                  </p>
                  <p className="mt-0.5 text-sm text-text-2">{tool.description}</p>
                </div>
                {tool.connector_id && tool.quarantined && (
                  <Status tone="warn">{t('Changed, not approved')}</Status>
                )}
                {tool.approval === 'ask' && <Status>{t('Asks first')}</Status>}
                {tool.read_only && <Status tone="ok">{t('Only reads')}</Status>}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
