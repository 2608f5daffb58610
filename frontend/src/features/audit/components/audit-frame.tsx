/** The head that the audit pages share: what it is, whether the chain holds, and the way between the two. */
import { useQuery } from '@tanstack/react-query';
import { ShieldAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { meQuery } from '@/api/queries';
import type { Me } from '@/api/types';
import { GovernanceNav } from '@/components/layout/governance-nav';
import { PageHeader } from '@/components/layout/page-header';
import { EmptyState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { ChainStatus } from './chain-status';
import '../audit.css';

export function AuditFrame({
  title = t('Audit'),
  lead,
  children,
}: {
  title?: string;
  lead?: string;
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
  const may = me.permissions.includes('audit.read');
  return (
    <div className="page w-full">
      <PageHeader
        title={title}
        lead={
          lead ??
          t('What was done and refused in {{name}}, sealed so that no entry can be changed unnoticed.', {
            name: me.organization.name,
          })
        }
      />
      <GovernanceNav />
      {may ? (
        <>
          <ChainStatus organizationId={me.organization.id} />
          {children(me)}
        </>
      ) : (
        <div className="card border-dashed">
          <EmptyState icon={<ShieldAlert />} title={t('For administrators')}>
            {t(
              'Administrators of {{name}} read the audit log. Ask one of them if you need something from it.',
              {
                name: me.organization.name,
              },
            )}
          </EmptyState>
        </div>
      )}
    </div>
  );
}
