/** One server: how it is doing, what it offers, what was called, how it is set up. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ChevronLeft, Ellipsis, KeyRound, RotateCcw, Trash2, TriangleAlert, Users } from 'lucide-react';
import { useState } from 'react';
import { describe, Problem } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { Connector } from '@/api/types';
import { Classification, Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu';
import { ErrorState, Notice, Skeleton, SkeletonRows } from '@/components/ui/states';
import { AccessDialog, RequestAccess, RequestDialog } from '@/features/access';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { connectorById, useConnect, useDeleteConnector, useDiscover, useRestart } from '../queries';
import { ConfirmCommand } from './confirm-command';
import { ConnectionTest } from './connection-test';
import { addressOf, Health, transportName } from './health';
import { OriginBadge, ServerTile } from './server-card';
import { ServerLogs } from './server-logs';
import { ServerResources } from './server-resources';
import { ServerSettings } from './server-settings';
import { ServerTools } from './server-tools';
import '../mcp.css';
import '@/styles/tabs.css';

type Part = 'tools' | 'resources' | 'logs' | 'settings';

export function ServerDetailPage({ serverId }: { serverId: string }) {
  const query = useQuery(connectorById(serverId));
  return (
    <div className="page">
      <Link to="/servers" className="btn -ml-3 -mb-4 justify-self-start text-sm text-text-2">
        <ChevronLeft size={16} />
        {t('MCP servers')}
      </Link>
      {query.isPending ? (
        <div className="grid gap-6" aria-busy="true">
          <Skeleton style={{ height: 40, width: '45%' }} />
          <SkeletonRows rows={6} />
        </div>
      ) : query.isError ? (
        <div className="card border-dashed">
          <ErrorState
            title={t('This server could not be loaded')}
            error={query.error}
            onRetry={() => void query.refetch()}
          />
          {query.error instanceof Problem && query.error.status === 404 && (
            <div className="grid justify-items-center gap-2 px-5 pb-6 text-center text-sm text-text-2">
              <p>{t('If somebody sent you here, you can ask its owner to let you in.')}</p>
              <RequestAccess resource={{ kind: 'connector', id: serverId }} />
            </div>
          )}
        </div>
      ) : (
        <Detail connector={query.data} />
      )}
    </div>
  );
}

function Detail({ connector }: { connector: Connector }) {
  const [part, setPart] = useState<Part>('tools');
  const connect = useConnect();
  const discover = useDiscover();
  const parts: { id: Part; name: string; count?: number }[] = [
    { id: 'tools', name: t('Tools'), count: connector.capabilities?.tools },
    ...(connector.kind === 'api'
      ? []
      : [{ id: 'resources' as const, name: t('Resources'), count: connector.capabilities?.resources }]),
    { id: 'logs', name: t('Calls') },
    ...(connector.can_edit ? [{ id: 'settings' as const, name: t('Settings') }] : []),
  ];
  const test = () =>
    connect.mutate(connector.id, {
      onSuccess: (answer) => {
        if (answer.ok) discover.mutate(connector.id);
      },
    });
  const move = (step: number) => {
    const at = parts.findIndex(({ id }) => id === part);
    const next = parts[(at + step + parts.length) % parts.length];
    if (!next) return;
    setPart(next.id);
    document.getElementById(`server-tab-${next.id}`)?.focus();
  };
  const confirmation = connect.data?.needs_confirmation;
  // A program that nobody confirmed yet says so before anybody tests it.
  const waits =
    connector.transport === 'stdio' && connector.command_confirmed === false && connector.command_hash;
  const partsOfLine = confirmation?.command_line ?? [connector.command ?? '', ...connector.args];
  const hash = confirmation?.hash ?? connector.command_hash;

  return (
    <>
      <header className="flex flex-wrap items-start gap-4">
        <ServerTile connector={connector} large />
        <div className="min-w-0 flex-1 basis-64">
          <h1 className="display">{connector.name}</h1>
          <div className="mt-2 flex flex-wrap items-center gap-3">
            <Health connector={connector} />
            <OriginBadge connector={connector} />
            <Classification level={connector.data_classification} />
            {connector.approval_required && <Status>{t('Asks before every call')}</Status>}
          </div>
        </div>
        <Actions connector={connector} testing={connect.isPending || discover.isPending} onTest={test} />
      </header>
      {connector.description && <p className="max-w-[64ch] text-body text-text-2">{connector.description}</p>}
      <dl className="server-facts">
        <div>
          <dt>{transportName(connector)}</dt>
          <dd className="mono break-all">{addressOf(connector)}</dd>
        </div>
        {connector.server_info && (
          <div>
            <dt>{t('Says it is')}</dt>
            <dd>
              {connector.server_info.name} {connector.server_info.version}
            </dd>
          </div>
        )}
        {connector.protocol_version && (
          <div>
            <dt>{t('Protocol')}</dt>
            <dd className="num">{connector.protocol_version}</dd>
          </div>
        )}
        <div>
          <dt>{t('Last check')}</dt>
          <dd>{connector.last_health_check ? ago(connector.last_health_check) : t('never')}</dd>
        </div>
      </dl>
      {(confirmation || waits) && hash && !connect.isPending ? (
        <ConfirmCommand
          serverId={connector.id}
          parts={partsOfLine}
          hash={hash}
          variables={confirmation?.env_names ?? Object.keys(connector.env_vars)}
          onConfirmed={test}
        />
      ) : connect.isPending || connect.data || connect.isError ? (
        <ConnectionTest
          pending={connect.isPending}
          answer={connect.data}
          error={connect.error}
          onRetry={test}
        />
      ) : (
        connector.health_status !== 'healthy' &&
        connector.health_message && (
          <Notice tone="err" icon={<TriangleAlert size={16} />}>
            {connector.health_message}
          </Notice>
        )
      )}
      <div>
        <div className="tabs border-border border-b" role="tablist" aria-label={t('About this server')}>
          {parts.map(({ id, name, count }) => (
            <button
              key={id}
              id={`server-tab-${id}`}
              type="button"
              role="tab"
              className="gap-2"
              aria-selected={part === id}
              aria-controls="server-part"
              tabIndex={part === id ? 0 : -1}
              onClick={() => setPart(id)}
              onKeyDown={(event) => {
                if (event.key === 'ArrowRight') move(1);
                else if (event.key === 'ArrowLeft') move(-1);
              }}
            >
              {name}
              {count !== undefined && count > 0 && <span className="st count">{count}</span>}
            </button>
          ))}
        </div>
        <div id="server-part" role="tabpanel" aria-labelledby={`server-tab-${part}`} className="pt-6">
          {part === 'tools' && <ServerTools connector={connector} />}
          {part === 'resources' && <ServerResources connector={connector} />}
          {part === 'logs' && <ServerLogs connector={connector} />}
          {part === 'settings' && <ServerSettings key={connector.updated_at} connector={connector} />}
        </div>
      </div>
    </>
  );
}

function Actions({
  connector,
  testing,
  onTest,
}: {
  connector: Connector;
  testing: boolean;
  onTest: () => void;
}) {
  const restart = useRestart();
  const remove = useDeleteConnector();
  const me = useQuery(meQuery);
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [dialog, setDialog] = useState<'access' | 'request' | null>(null);
  const resource = { kind: 'connector' as const, id: connector.id };
  const mayRestart = connector.can_edit || me.data?.user.role === 'admin';
  return (
    <div className="flex flex-wrap items-center gap-2">
      {connector.can_share && (
        <Button variant="outline" onClick={() => setDialog('access')}>
          <Users size={15} />
          {t('Access')}
        </Button>
      )}
      {!connector.can_edit && connector.origin !== 'official' && (
        <Button variant="outline" onClick={() => setDialog('request')}>
          <KeyRound size={15} />
          {t('Request more access')}
        </Button>
      )}
      <Button variant="outline" busy={testing} onClick={onTest}>
        {t('Test connection')}
      </Button>
      {mayRestart && (
        <Menu
          align="end"
          trigger={
            <IconButton label={t('More about this server')}>
              <Ellipsis size={18} />
            </IconButton>
          }
        >
          <MenuItem
            icon={<RotateCcw size={16} />}
            disabled={restart.isPending}
            onSelect={() =>
              restart.mutate(connector.id, {
                onSuccess: () => toast.success(t('{{name}} was restarted', { name: connector.name })),
                onError: (error) => toast.error(describe(error)),
              })
            }
          >
            {t('Restart')}
          </MenuItem>
          {connector.can_edit && (
            <>
              <MenuSeparator />
              <MenuItem icon={<Trash2 size={16} />} danger onSelect={() => setAsking(true)}>
                {t('Delete')}
              </MenuItem>
            </>
          )}
        </Menu>
      )}
      <AccessDialog
        open={dialog === 'access'}
        onClose={() => setDialog(null)}
        resource={resource}
        name={connector.name}
      />
      <RequestDialog
        open={dialog === 'request'}
        onClose={() => setDialog(null)}
        resource={resource}
        name={connector.name}
      />
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('Delete {{name}}?', { name: connector.name })}
        description={t('Agents lose its tools at once. The record of its calls stays.')}
        confirm={t('Delete')}
        onConfirm={async () => {
          // The page goes first: what it shows could not be read again afterwards.
          await navigate({ to: '/servers' });
          try {
            await remove.mutateAsync(connector.id);
            toast.success(t('{{name}} was deleted', { name: connector.name }));
          } catch (error) {
            toast.error(describe(error));
          }
        }}
      />
    </div>
  );
}
