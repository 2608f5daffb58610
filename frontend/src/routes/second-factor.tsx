/** `/second-factor`: for members whose organisation asks for one that they have not set up. */
import { createFileRoute, redirect, useNavigate } from '@tanstack/react-router';
import { meQuery, queryClient } from '@/api/queries';
import { SecondFactorPage } from '@/features/auth';

export const Route = createFileRoute('/second-factor')({
  beforeLoad: async () => {
    const me = await queryClient.fetchQuery({ ...meQuery, staleTime: 0 }).catch(() => null);
    if (!me) throw redirect({ to: '/sign-in' });
    if (!me.lacks_mfa) throw redirect({ to: '/' });
  },
  component: SecondFactor,
});

function SecondFactor() {
  const navigate = useNavigate();
  return <SecondFactorPage onDone={() => void navigate({ to: '/', replace: true })} />;
}
