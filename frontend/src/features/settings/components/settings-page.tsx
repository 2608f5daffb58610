/** Settings, one tab per subject. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import { meQuery } from '@/api/queries';
import { PageHeader } from '@/components/layout/page-header';
import { TabNav } from '@/components/layout/tab-nav';
import { SkeletonRows } from '@/components/ui/states';
import { OwnUsage } from '@/features/costs';
import { t } from '@/lib/i18n';
import { covers } from '@/lib/permissions';
import { AppearanceTab } from './appearance-tab';
import { ContextTab } from './context-tab';
import { EncryptionTab } from './encryption-tab';
import { ForwardTab } from './forward-tab';
import { IdentityProvidersTab } from './identity-providers-tab';
import { KeysTab } from './keys-tab';
import { MembersTab } from './members-tab';
import { ProfileTab } from './profile-tab';
import { ProvisioningTab } from './provisioning-tab';
import { RetentionTab } from './retention-tab';
import { SecurityTab } from './security-tab';
import { ServiceAccountsTab } from './service-accounts-tab';

const tabs = [
  { id: 'profile', label: 'Profile', of: 'You' },
  { id: 'appearance', label: 'Appearance', of: 'You' },
  { id: 'security', label: 'Security', of: 'You' },
  { id: 'keys', label: 'Provider keys', of: 'You' },
  { id: 'usage', label: 'Usage', of: 'You' },
  { id: 'members', label: 'Members', of: 'Organisation' },
  { id: 'service-accounts', label: 'Service accounts', of: 'Organisation', needs: 'service_account.read' },
  { id: 'provisioning', label: 'Provisioning', of: 'Organisation', needs: 'directory.read' },
  { id: 'retention', label: 'Retention', of: 'Organisation', needs: 'organization.update' },
  { id: 'workflow-context', label: 'Workflow context', of: 'Organisation', needs: 'organization.update' },
  { id: 'log-forwarding', label: 'Log forwarding', of: 'Organisation', needs: 'audit.read' },
  { id: 'sign-in', label: 'Sign-in providers', of: 'Platform', needs: 'id_provider.read' },
  { id: 'encryption', label: 'Encryption keys', of: 'Platform', needs: 'secret_key.read' },
] as const satisfies readonly { id: string; label: string; of: string; needs?: string }[];

export type SettingsTab = (typeof tabs)[number]['id'];

export function isSettingsTab(value: string): value is SettingsTab {
  return tabs.some((tab) => tab.id === value);
}

export function SettingsPage({ tab }: { tab: SettingsTab }) {
  const { data: me } = useQuery(meQuery);
  let body: ReactNode = <SkeletonRows rows={5} />;
  if (me) {
    if (tab === 'profile') body = <ProfileTab me={me} />;
    else if (tab === 'appearance') body = <AppearanceTab me={me} />;
    else if (tab === 'keys') body = <KeysTab me={me} />;
    else if (tab === 'usage') body = <OwnUsage me={me} />;
    else if (tab === 'members') body = <MembersTab me={me} />;
    else if (tab === 'service-accounts') body = <ServiceAccountsTab me={me} />;
    else if (tab === 'provisioning') body = <ProvisioningTab me={me} />;
    else if (tab === 'retention') body = <RetentionTab me={me} />;
    else if (tab === 'workflow-context') body = <ContextTab me={me} />;
    else if (tab === 'log-forwarding') body = <ForwardTab me={me} />;
    else if (tab === 'sign-in') body = <IdentityProvidersTab />;
    else if (tab === 'encryption') body = <EncryptionTab />;
    else body = <SecurityTab me={me} />;
  }
  const shown = tabs.filter((entry) => !('needs' in entry) || covers(me?.permissions ?? [], entry.needs));
  return (
    <div className="page settings">
      <PageHeader title={t('Settings')} />
      <TabNav label={t('Settings')} current={tab} side>
        {shown.map(({ id, label, of }, index) => (
          <Fragment key={id}>
            {of !== shown[index - 1]?.of && <span className="label">{t(of)}</span>}
            <Link
              to="/settings/$tab"
              params={{ tab: id }}
              aria-current={id === tab ? 'page' : undefined}
              replace
            >
              {t(label)}
            </Link>
          </Fragment>
        ))}
      </TabNav>
      <div className="min-w-0">{body}</div>
    </div>
  );
}
