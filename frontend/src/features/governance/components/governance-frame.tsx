/** What the pages of governing share: the title and the way between them. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { PageHeader } from '@/components/layout/page-header';
import { t } from '@/lib/i18n';

export function GovernanceFrame({ actions, children }: { actions?: ReactNode; children: ReactNode }) {
  return (
    <div className="page">
      <PageHeader
        title={t('Governance')}
        lead={t('What agents and people may do here, and why.')}
        actions={actions}
      />
      <nav className="tabs border-border border-b" aria-label={t('Governance')}>
        <Link to="/governance/policies" activeProps={{ 'aria-current': 'page' }}>
          {t('Policies')}
        </Link>
      </nav>
      {children}
    </div>
  );
}
