/** What the pages of costs share: a title, the way between the pages of governing, and who may read it. */
import { useQuery } from '@tanstack/react-query';
import { ShieldAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { meQuery } from '@/api/queries';
import type { Me } from '@/api/types';
import { GovernanceNav } from '@/components/layout/governance-nav';
import { PageHeader } from '@/components/layout/page-header';
import { EmptyState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import '../costs.css';

export function CostsFrame({
  title,
  lead,
  needs,
  actions,
  children,
}: {
  title: string;
  lead: string;
  /** The permission that the page is for. */
  needs: string;
  actions?: (me: Me) => ReactNode;
  children: (me: Me) => ReactNode;
}) {
  const { data: me } = useQuery(meQuery);
  if (!me) {
    return (
      <div className="page w-full">
        <SkeletonRows rows={6} />
      </div>
    );
  }
  const may = allowed(me, needs);
  return (
    <div className="page w-full">
      <PageHeader title={title} lead={lead} actions={may ? actions?.(me) : undefined} />
      <GovernanceNav />
      {may ? (
        children(me)
      ) : (
        <div className="card border-dashed">
          <EmptyState icon={<ShieldAlert />} title={t('For administrators')}>
            {t('Administrators of {{name}} read this. What you have used yourself stands in your settings.', {
              name: me.organization.name,
            })}
          </EmptyState>
        </div>
      )}
    </div>
  );
}

/** Whether a permission is held with its reach, such as `usage.read:any`. */
export function allowed(me: Me, needs: string): boolean {
  const [action = '', reach] = needs.split(':');
  const noun = `${action.split('.')[0]}.*`;
  const patterns = reach ? [needs, `${noun}:${reach}`, `*:${reach}`] : [action, noun, '*'];
  return me.permissions.some((permission) => patterns.includes(permission));
}
