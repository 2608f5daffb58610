/** Which tools an agent may call: built-in ones, and those of connected servers, each ticked or not. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronDown, Plug } from 'lucide-react';
import { useId, useState } from 'react';
import { agentOptionsQuery } from '@/api/queries';
import type { Agent, AvailableTool, Connector, Tool } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { Notice, SkeletonRows } from '@/components/ui/states';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import { type ServerChoice, toggleTool } from '../model/form';
import { serverTools, toolCatalogue, toolServers } from '../queries';

interface Props {
  tools: string[];
  servers: ServerChoice[];
  onTools: (tools: string[]) => void;
  onServers: (servers: ServerChoice[]) => void;
}

export function ToolPicker({ tools, servers, onTools, onServers }: Props) {
  const catalogue = useQuery(toolCatalogue);
  const connectors = useQuery(toolServers);
  const agents = useQuery(agentOptionsQuery);
  const builtin = offered(catalogue.data?.items ?? [], agents.data?.items ?? []);
  // A tool that was given and is gone stays visible, or it could never be taken away.
  const gone = tools.filter(
    (name) => catalogue.isSuccess && agents.isSuccess && !builtin.some((tool) => tool.name === name),
  );
  const known = connectors.data?.items ?? [];
  const lost = servers.filter(
    (choice) => connectors.isSuccess && !known.some(({ id }) => id === choice.server_id),
  );

  return (
    <>
      <div className="grid gap-2">
        <h4 className="text-sm font-medium text-text-2">{t('Built-in tools')}</h4>
        {catalogue.isPending ? (
          <SkeletonRows rows={3} />
        ) : catalogue.isError ? (
          <Failed
            what={t('The built-in tools could not be loaded.')}
            onRetry={() => void catalogue.refetch()}
          />
        ) : builtin.length + gone.length === 0 ? (
          <p className="text-sm text-text-3">{t('This server has no built-in tools.')}</p>
        ) : (
          <div className="tool-list">
            {builtin.map((tool) => (
              <ToolTick
                key={tool.name}
                name={tool.name}
                title={tool.title}
                description={tool.description}
                checked={tools.includes(tool.name)}
                onChange={() =>
                  onTools(
                    tools.includes(tool.name)
                      ? tools.filter((name) => name !== tool.name)
                      : [...tools, tool.name],
                  )
                }
              />
            ))}
            {gone.map((name) => (
              <ToolTick
                key={name}
                name={name}
                title={name}
                description={t('This tool does not exist any more.')}
                checked
                onChange={() => onTools(tools.filter((other) => other !== name))}
              />
            ))}
          </div>
        )}
      </div>
      <div className="grid gap-2">
        <h4 className="text-sm font-medium text-text-2">{t('Tools of MCP servers')}</h4>
        {connectors.isPending ? (
          <SkeletonRows rows={2} />
        ) : connectors.isError ? (
          <Failed what={t('The servers could not be loaded.')} onRetry={() => void connectors.refetch()} />
        ) : known.length + lost.length === 0 ? (
          <p className="text-sm text-text-3">
            {t('No server is connected yet.')}{' '}
            <Link to="/servers" className="link">
              {t('Add one')}
            </Link>
          </p>
        ) : (
          <div className="tool-list">
            {known.map((connector) => (
              <ServerTools
                key={connector.id}
                connector={connector}
                choice={servers.find((choice) => choice.server_id === connector.id)}
                onChange={(next) => {
                  const others = servers.filter((choice) => choice.server_id !== connector.id);
                  onServers(next ? [...others, next] : others);
                }}
              />
            ))}
            {lost.map((choice) => (
              <div key={choice.server_id} className="flex items-center gap-3 px-4 py-3">
                <Plug size={18} className="text-text-3" aria-hidden="true" />
                <span className="flex-1">{choice.name}</span>
                <Status tone="warn">{t('not available to you')}</Status>
              </div>
            ))}
          </div>
        )}
      </div>
    </>
  );
}

/** A tool that needs no server. */
interface BuiltIn {
  name: string;
  title: string;
  description: string;
}

/** The catalogue's built-in tools, and those that other agents were given: a catalogue may list only what is callable. */
function offered(catalogue: AvailableTool[], agents: Agent[]): BuiltIn[] {
  const all: BuiltIn[] = [
    {
      name: 'agent_*',
      title: t('All agents'),
      description: t('Every other agent that whoever asks may use, also later ones.'),
    },
    {
      name: 'workflow_*',
      title: t('All workflows'),
      description: t('Every workflow that whoever asks may run, also later ones.'),
    },
  ];
  const found = new Map<string, BuiltIn>(all.map((tool) => [tool.name, tool]));
  for (const { name, display_name, description, connector_id } of catalogue) {
    if (!connector_id) found.set(name, { name, title: display_name || name, description });
  }
  for (const agent of agents) {
    for (const name of agent.tools) {
      if (found.has(name)) continue;
      found.set(name, { name, title: name, description: t('Also used by {{name}}', { name: agent.name }) });
    }
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function ServerTools({
  connector,
  choice,
  onChange,
}: {
  connector: Connector;
  choice: ServerChoice | undefined;
  onChange: (choice: ServerChoice | undefined) => void;
}) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const tools = useQuery({ ...serverTools(connector.id), enabled: open });
  const all = tools.data?.items.map((tool) => tool.name) ?? [];
  const allowed = choice?.allowed ?? null;
  const count = choice
    ? allowed === null
      ? t('all tools')
      : t('{{count}} tools', { count: allowed.length })
    : '';
  const connected = { server_id: connector.id, name: connector.name };

  return (
    <section className="tool-server" aria-label={connector.name}>
      <header>
        <input
          id={id}
          type="checkbox"
          className="size-4 flex-none accent-(--accent-text)"
          checked={choice !== undefined}
          onChange={(event) => {
            onChange(event.target.checked ? { ...connected, allowed: null } : undefined);
            if (event.target.checked) setOpen(true);
          }}
        />
        <label htmlFor={id} className="min-w-0 flex-1">
          <span className="font-medium">{connector.name}</span>
          <span className="ml-2 text-xs text-text-3">{count}</span>
        </label>
        {connector.health_status === 'error' && <Status tone="err">{t('Error')}</Status>}
        <Button size="xs" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t('Tools')}
          <ChevronDown
            size={14}
            aria-hidden="true"
            className={cx('transition-transform', open && 'rotate-180')}
          />
        </Button>
      </header>
      {open && (
        <div>
          {tools.isPending ? (
            <SkeletonRows rows={3} className="p-4" />
          ) : tools.isError ? (
            <div className="p-3">
              <Failed
                what={t('The tools of this server could not be loaded.')}
                onRetry={() => void tools.refetch()}
              />
            </div>
          ) : all.length === 0 ? (
            <p className="p-4 text-sm text-text-3">
              {t('No tools were found on this server. Test it on its page.')}
            </p>
          ) : (
            <>
              <label className="tool-pick">
                <input
                  type="checkbox"
                  checked={choice !== undefined && allowed === null}
                  onChange={(event) => onChange({ ...connected, allowed: event.target.checked ? null : [] })}
                />
                <span>
                  <span className="font-medium">{t('All tools')}</span>
                  <span className="block text-sm text-text-3">
                    {t('Also those that the server adds later.')}
                  </span>
                </span>
              </label>
              {tools.data.items.map((tool: Tool) => (
                <ToolTick
                  key={tool.name}
                  name={tool.name}
                  title={tool.display_name || tool.name}
                  description={tool.description}
                  checked={choice !== undefined && (allowed === null || allowed.includes(tool.name))}
                  off={!tool.enabled || tool.quarantined}
                  onChange={() =>
                    onChange(toggleTool(choice ?? { ...connected, allowed: [] }, tool.name, all))
                  }
                />
              ))}
            </>
          )}
        </div>
      )}
    </section>
  );
}

function ToolTick({
  name,
  title,
  description,
  checked,
  off,
  onChange,
}: {
  name: string;
  title: string;
  description: string;
  checked: boolean;
  off?: boolean;
  onChange: () => void;
}) {
  return (
    <label className="tool-pick">
      <input type="checkbox" checked={checked} onChange={onChange} />
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium">{title}</span>
          {title !== name && <span className="mono text-text-3">{name}</span>}
          {off && <Status tone="warn">{t('not callable now')}</Status>}
        </span>
        {description && <span className="line-clamp-2 block text-sm text-text-3">{description}</span>}
      </span>
    </label>
  );
}

function Failed({ what, onRetry }: { what: string; onRetry: () => void }) {
  return (
    <Notice
      tone="err"
      action={
        <Button size="xs" variant="outline" onClick={onRetry}>
          {t('Try again')}
        </Button>
      }
    >
      {what}
    </Notice>
  );
}
