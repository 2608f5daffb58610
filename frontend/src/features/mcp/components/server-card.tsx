/** One server in the grid. */
import { Link } from '@tanstack/react-router';
import { BadgeCheck, Braces, Plug, ShieldAlert, Terminal, Users } from 'lucide-react';
import type { Connector } from '@/api/types';
import { Classification, Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/states';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';
import { visibilityName } from '../model/connector-form';
import { addressOf, Health, transportName } from './health';

const TINTS: Record<Connector['health_status'], string> = {
  healthy: 'var(--agent-green)',
  error: 'var(--err)',
  offline: 'var(--node-agent)',
  unknown: 'var(--node-end)',
};

export function ServerTile({ connector, large }: { connector: Connector; large?: boolean }) {
  const Icon = connector.kind === 'api' ? Braces : connector.transport === 'stdio' ? Terminal : Plug;
  const size = large ? { width: 52, height: 52, borderRadius: 15 } : {};
  return (
    <span
      className="tile"
      style={{
        ['--k' as string]: connector.enabled ? TINTS[connector.health_status] : TINTS.unknown,
        ...size,
      }}
      aria-hidden="true"
    >
      <Icon size={large ? 26 : 21} />
    </span>
  );
}

/** Where it comes from; for one of our own, who sees it. */
export function OriginBadge({ connector: { origin, visibility } }: { connector: Connector }) {
  if (origin === 'official') {
    return (
      <Status tone="info" icon={<BadgeCheck />}>
        {t('Official')}
      </Status>
    );
  }
  if (origin === 'community') return <Status icon={<Users />}>{t('Community')}</Status>;
  return <span className="text-xs text-text-3">{visibilityName(visibility)}</span>;
}

interface Props {
  connector: Connector;
  testing: boolean;
  onTest: () => void;
}

export function ServerCard({ connector, testing, onTest }: Props) {
  const { capabilities } = connector;
  const failing =
    connector.enabled && (connector.health_status === 'error' || connector.health_status === 'offline');
  return (
    <article className="server-card card">
      <header className="flex items-center gap-3">
        <ServerTile connector={connector} />
        <div className="min-w-0 flex-1">
          <h3 className="card-title truncate">
            <Link to="/servers/$serverId" params={{ serverId: connector.id }} className="server-card-link">
              {connector.name}
            </Link>
          </h3>
          <div className="mt-1 flex items-center gap-2">
            <OriginBadge connector={connector} />
            <Classification level={connector.data_classification} />
          </div>
        </div>
        <Health connector={connector} />
      </header>
      <div className="min-w-0">
        <p className="line-clamp-2 text-text-2">{connector.description || transportName(connector)}</p>
        <p className="mono mt-2 truncate text-xs text-text-3" title={addressOf(connector)}>
          {addressOf(connector)}
        </p>
        {failing && connector.health_message && (
          <p className="mt-2 line-clamp-2 text-sm text-err first-letter:uppercase">
            {connector.health_message}
          </p>
        )}
      </div>
      <dl className="server-counts num">
        <div>
          <dd>{capabilities?.tools ?? 0}</dd>
          <dt>{t('tools')}</dt>
        </div>
        <div>
          <dd>{capabilities?.resources ?? 0}</dd>
          <dt>{t('resources')}</dt>
        </div>
        <div>
          <dd>{capabilities?.prompts ?? 0}</dd>
          <dt>{t('prompts')}</dt>
        </div>
      </dl>
      <footer>
        <span className="min-w-0 flex-1 truncate text-text-3">
          {connector.tools_pending > 0 ? (
            <Status tone="warn" icon={<ShieldAlert />}>
              {t('{{count}} changed tools', { count: connector.tools_pending })}
            </Status>
          ) : connector.last_health_check ? (
            t('Checked {{when}}', { when: ago(connector.last_health_check) })
          ) : (
            t('Never checked')
          )}
        </span>
        <Button
          variant="outline"
          className="relative z-1 text-sm"
          busy={testing}
          onClick={onTest}
          aria-label={t('Test {{name}}', { name: connector.name })}
        >
          {t('Test')}
        </Button>
      </footer>
    </article>
  );
}

export function ServerCardSkeleton() {
  return (
    <div className="server-card card" aria-hidden="true">
      <div className="flex items-center gap-3">
        <Skeleton style={{ width: 40, height: 40, borderRadius: 12 }} />
        <div className="grid flex-1 gap-2">
          <Skeleton style={{ width: '55%' }} />
          <Skeleton style={{ width: '30%', height: 9 }} />
        </div>
      </div>
      <div className="grid content-start gap-2.5">
        <Skeleton />
        <Skeleton style={{ width: '70%' }} />
      </div>
      <Skeleton style={{ width: '80%', height: 22 }} />
      <Skeleton style={{ height: 9 }} />
    </div>
  );
}
