/** Who is signed in, for which organisation and environment, and the way to settings and out. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { LogOut, Settings, SlidersHorizontal, UserRound } from 'lucide-react';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { meQuery, organizationsQuery } from '@/api/queries';
import { Menu, MenuGroup, MenuItem, MenuRadio, MenuRadioGroup, MenuSeparator } from '@/components/ui/menu';
import { signOut } from '@/features/auth';
import { initials } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';

async function activate(organizationId: string): Promise<void> {
  try {
    await api.post('/api/v1/auth/me/orgs', { organization_id: organizationId });
    // Everything on the page belongs to the organisation: begin anew.
    window.location.assign('/');
  } catch (error) {
    toast.error(describe(error));
  }
}

export function UserMenu({ compact, onNavigate }: { compact?: boolean; onNavigate: () => void }) {
  const navigate = useNavigate();
  const { data: me } = useQuery(meQuery);
  const { data: organizations } = useQuery(organizationsQuery);
  const name = me?.user.name || me?.user.email || '';
  const mine = organizations?.items ?? [];
  const settings = (tab: string) => {
    onNavigate();
    void navigate({ to: '/settings/$tab', params: { tab } });
  };
  return (
    <Menu
      side="top"
      className="w-[260px]"
      trigger={
        compact ? (
          <button type="button" className="mt-2 rounded-full" aria-label={t('Account: {{name}}', { name })}>
            <span className="avatar">{initials(name)}</span>
          </button>
        ) : (
          <button
            type="button"
            className="row min-h-11! px-1.5!"
            aria-label={t('Account: {{name}}', { name })}
          >
            <span className="avatar">{initials(name)}</span>
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium text-text">{name}</span>
              <span className="block truncate text-text-3 text-xs">
                {me?.organization.name}
                {me && me.environment.name.toLowerCase() !== 'default' && ` · ${me.environment.name}`}
              </span>
            </span>
            <SlidersHorizontal size={18} />
          </button>
        )
      }
    >
      <p className="truncate px-2.5 pt-1.5 pb-2 text-text-3 text-xs">{me?.user.email}</p>
      {mine.length > 0 && (
        <MenuRadioGroup
          value={me?.organization.id ?? ''}
          onChange={(id) => id !== me?.organization.id && void activate(id)}
        >
          <MenuGroup label={t('Organisation')}>
            {mine.map((organization) => (
              <MenuRadio key={organization.id} value={organization.id}>
                <span className="block truncate">{organization.name}</span>
                <span className="block truncate text-text-3 text-xs">
                  {organization.id === me?.organization.id ? me.environment.name : t(organization.role)}
                </span>
              </MenuRadio>
            ))}
          </MenuGroup>
        </MenuRadioGroup>
      )}
      <MenuSeparator />
      <MenuItem icon={<UserRound size={16} />} onSelect={() => settings('profile')}>
        {t('Profile')}
      </MenuItem>
      <MenuItem icon={<Settings size={16} />} onSelect={() => settings('appearance')}>
        {t('Settings')}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={<LogOut size={16} />} onSelect={() => void signOut()}>
        {t('Sign out')}
      </MenuItem>
    </Menu>
  );
}
