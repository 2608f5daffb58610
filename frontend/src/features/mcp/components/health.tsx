/** How a server is doing, in an icon and a word. */
import { Check, CircleDashed, TriangleAlert, Unplug } from 'lucide-react';
import type { Connector } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { t } from '@/lib/i18n';

export function Health({ connector }: { connector: Pick<Connector, 'health_status' | 'enabled'> }) {
  if (!connector.enabled) return <Status icon={<CircleDashed />}>{t('Off')}</Status>;
  switch (connector.health_status) {
    case 'healthy':
      return (
        <Status tone="ok" icon={<Check />}>
          {t('Healthy')}
        </Status>
      );
    case 'error':
      return (
        <Status tone="err" icon={<TriangleAlert />}>
          {t('Error')}
        </Status>
      );
    case 'offline':
      return (
        <Status tone="warn" icon={<Unplug />}>
          {t('Offline')}
        </Status>
      );
    default:
      return <Status icon={<CircleDashed />}>{t('Not tested')}</Status>;
  }
}

/** How it is reached, in words. */
export function transportName({ kind, transport }: Pick<Connector, 'kind' | 'transport'>): string {
  if (kind === 'api') return 'API';
  switch (transport) {
    case 'http':
      return t('Streamable HTTP');
    case 'sse':
      return t('HTTP with SSE (older)');
    case 'stdio':
      return t('Local program');
  }
}

/** Where it is. */
export function addressOf(connector: Connector): string {
  if (connector.transport === 'stdio') return [connector.command ?? '', ...connector.args].join(' ');
  return connector.endpoint ?? '';
}
