/** Settings, one tab per subject. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { meQuery } from '@/api/queries';
import { PageHeader } from '@/components/layout/page-header';
import { SkeletonRows } from '@/components/ui/states';
import { OwnUsage } from '@/features/costs';
import { t } from '@/lib/i18n';
import { covers } from '@/lib/permissions';
import { AppearanceTab } from './appearance-tab';
import { EncryptionTab } from './encryption-tab';
import { IdentityProvidersTab } from './identity-providers-tab';
import { KeysTab } from './keys-tab';
import { MembersTab } from './members-tab';
import { ProfileTab } from './profile-tab';
import { ProvisioningTab } from './provisioning-tab';
import { SecurityTab } from './security-tab';
import { ServiceAccountsTab } from './service-accounts-tab';

const tabs = [
  { id: 'profile', label: 'Profile' },
  { id: 'appearance', label: 'Appearance' },
  { id: 'keys', label: 'Provider keys' },
  { id: 'usage', label: 'Usage' },
  { id: 'members', label: 'Members' },
  { id: 'service-accounts', label: 'Service accounts', needs: 'service_account.read' },
  { id: 'provisioning', label: 'Provisioning', needs: 'directory.read' },
  { id: 'security', label: 'Security' },
  { id: 'sign-in', label: 'Sign-in providers', needs: 'id_provider.read' },
  { id: 'encryption', label: 'Encryption keys', needs: 'secret_key.read' },
] as const satisfies readonly { id: string; label: string; needs?: string }[];

export type SettingsTab = (typeof tabs)[number]['id'];

export function isSettingsTab(value: string): value is SettingsTab {
  return tabs.some((tab) => tab.id === value);
}

/** On a narrow screen the tabs scroll sideways: the chosen one is brought into view. */
function reveal(link: HTMLElement | null): void {
  link?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
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
    else if (tab === 'sign-in') body = <IdentityProvidersTab />;
    else if (tab === 'encryption') body = <EncryptionTab />;
    else body = <SecurityTab me={me} />;
  }
  const shown = tabs.filter((entry) => !('needs' in entry) || covers(me?.permissions ?? [], entry.needs));
  return (
    <div className="page narrow w-full">
      <PageHeader title={t('Settings')} />
      <nav className="tabs border-border border-b" aria-label={t('Settings')}>
        {shown.map(({ id, label }) => (
          <Link
            key={id}
            to="/settings/$tab"
            params={{ tab: id }}
            aria-current={id === tab ? 'page' : undefined}
            replace
            ref={id === tab ? reveal : undefined}
          >
            {t(label)}
          </Link>
        ))}
      </nav>
      {body}
    </div>
  );
}
