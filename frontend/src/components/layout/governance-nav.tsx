/** The way between the pages of governing, for whoever may read them. */
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { meQuery } from '@/api/queries';
import { t } from '@/lib/i18n';
import { may } from '@/lib/may';
import { TabNav } from './tab-nav';

export function GovernanceNav() {
  const { data: me } = useQuery(meQuery);
  const { pathname } = useLocation();
  const exact = { exact: true, includeSearch: false };
  return (
    <TabNav label={t('Governance')} current={pathname}>
      {may(me, 'policy.read') && <Link to="/governance/policies">{t('Policies')}</Link>}
      {(may(me, 'grant.read') || may(me, 'user.manage')) && (
        <Link to="/governance/users">{t('Users and roles')}</Link>
      )}
      {may(me, 'grant.review') && <Link to="/governance/reviews">{t('Access reviews')}</Link>}
      {may(me, 'audit.read') && (
        <>
          <Link to="/governance/audit" activeOptions={exact}>
            {t('Audit')}
          </Link>
          <Link to="/governance/audit/compliance" activeOptions={exact}>
            {t('Compliance')}
          </Link>
        </>
      )}
      {me?.permissions.includes('usage.read:any') && <Link to="/governance/costs">{t('Costs')}</Link>}
      {may(me, 'budget.read') && <Link to="/governance/budgets">{t('Budgets')}</Link>}
      {may(me, 'pricing.read') && <Link to="/governance/pricing">{t('Pricing')}</Link>}
    </TabNav>
  );
}
