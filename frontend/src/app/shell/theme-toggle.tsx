/** Light or dark, here and on the person's other devices. */
import { SunMoon } from 'lucide-react';
import { api } from '@/api/client';
import { meQuery, queryClient } from '@/api/queries';
import type { Theme } from '@/api/types';
import { IconButton } from '@/components/ui/button';
import { applyAppearance } from '@/lib/appearance';
import { t } from '@/lib/i18n';

export function ThemeToggle() {
  return (
    <IconButton
      label={t('Switch theme')}
      side="bottom"
      onClick={() => {
        const theme: Theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
        applyAppearance({ theme });
        queryClient.setQueryData(meQuery.queryKey, (me) =>
          me ? { ...me, user: { ...me.user, preferences: { ...me.user.preferences, theme } } } : me,
        );
        // Only a preference: the page already looks right, and the next change carries it too.
        api.put('/api/settings', { preferences: { theme } }).catch(() => {});
      }}
    >
      <SunMoon size={18} />
    </IconButton>
  );
}
