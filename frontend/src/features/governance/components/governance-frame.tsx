/** What the pages of governing share: the title and the way between them. */
import type { ReactNode } from 'react';
import { GovernanceNav } from '@/components/layout/governance-nav';
import { PageHeader } from '@/components/layout/page-header';
import { t } from '@/lib/i18n';

export function GovernanceFrame({ actions, children }: { actions?: ReactNode; children: ReactNode }) {
  return (
    <div className="page">
      <PageHeader
        title={t('Policies')}
        lead={t('What agents and people may do here, and why.')}
        actions={actions}
      />
      <GovernanceNav />
      {children}
    </div>
  );
}
