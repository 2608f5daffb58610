/** Where this account is signed in, and how to end it. */
import { useQuery } from '@tanstack/react-query';
import { Monitor, Smartphone } from 'lucide-react';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { queryClient } from '@/api/queries';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { ErrorState, SkeletonRows } from '@/components/ui/states';
import { ago, dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { sessionsQuery } from '../queries';

/** "Chrome on Linux" of a user agent string; enough to recognise one's own device. */
function deviceName(agent: string | null | undefined): string {
  if (!agent) return t('Unknown device');
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /Firefox\//.test(agent)
      ? 'Firefox'
      : /Chrom(e|ium)\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : (agent.split(/[ /]/)[0] ?? agent);
  const system = /iPhone|iPad/.test(agent)
    ? 'iOS'
    : /Android/.test(agent)
      ? 'Android'
      : /Windows/.test(agent)
        ? 'Windows'
        : /Mac OS/.test(agent)
          ? 'macOS'
          : /Linux|X11/.test(agent)
            ? 'Linux'
            : null;
  return system ? t('{{browser}} on {{system}}', { browser, system }) : browser;
}

export function SessionsList() {
  const { data, error, isPending, refetch } = useQuery(sessionsQuery);
  const end = async (id: string) => {
    try {
      await api.delete(`/api/auth/sessions/${id}`);
      await queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    } catch (problem) {
      toast.error(describe(problem));
    }
  };
  if (isPending) return <SkeletonRows rows={3} className="py-4" />;
  if (error)
    return (
      <ErrorState title={t('The sessions could not be loaded')} error={error} onRetry={() => refetch()} />
    );
  return (
    <ul className="card rows min-w-0">
      {data.items.map((session) => {
        const current = session.is_current;
        const phone = /Mobile|iPhone|Android/.test(session.user_agent ?? '');
        return (
          <li key={session.id} className="flex items-center gap-3 px-4 py-3">
            {phone ? (
              <Smartphone size={20} className="text-text-3" />
            ) : (
              <Monitor size={20} className="text-text-3" />
            )}
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium">{deviceName(session.user_agent)}</span>
              <span className="block truncate text-sm text-text-3">
                {[
                  session.ip_address,
                  t('since {{when}}', { when: dateTime(session.created_at) }),
                  session.last_used_at && t('used {{when}}', { when: ago(session.last_used_at) }),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </span>
            {current ? (
              <Status tone="ok">{t('This one')}</Status>
            ) : (
              <Button variant="outline" className="text-sm" onClick={() => end(session.id)}>
                {t('End')}
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
