/** `/governance`: the first of its pages that somebody may read. */
import { createFileRoute, redirect } from '@tanstack/react-router';
import { meQuery, queryClient } from '@/api/queries';
import { may } from '@/lib/may';

export const Route = createFileRoute('/_app/governance/')({
  beforeLoad: async () => {
    const me = await queryClient.ensureQueryData(meQuery);
    throw redirect({
      to: may(me, 'policy.read') ? '/governance/policies' : '/governance/audit',
      replace: true,
    });
  },
});
