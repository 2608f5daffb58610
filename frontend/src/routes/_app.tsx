/** Signed-in pages: nobody gets past here without a session. */
import { createFileRoute, isRedirect, redirect } from '@tanstack/react-router';
import { Problem } from '@/api/problem';
import { meQuery, queryClient, setupQuery } from '@/api/queries';
import { Shell } from '@/app/shell/shell';
import { adoptPreferences } from '@/lib/appearance';

export const Route = createFileRoute('/_app')({
  beforeLoad: async ({ location }) => {
    try {
      const me = await queryClient.ensureQueryData(meQuery);
      adoptPreferences(me.user.preferences);
      if (me.lacks_mfa) throw redirect({ to: '/second-factor' });
    } catch (error) {
      if (isRedirect(error)) throw error;
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      const status = await queryClient.fetchQuery(setupQuery).catch(() => null);
      if (status?.needs_setup) throw redirect({ to: '/setup' });
      throw redirect({ to: '/sign-in', search: { return: location.href } });
    }
  },
  component: Shell,
});
