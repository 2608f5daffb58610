/** `/invite?token=`. */
import { createFileRoute, useNavigate } from '@tanstack/react-router';
import { InvitePage } from '@/features/auth';

export const Route = createFileRoute('/invite')({
  validateSearch: (search: Record<string, unknown>): { token?: string } =>
    typeof search.token === 'string' ? { token: search.token } : {},
  component: Invite,
});

function Invite() {
  const navigate = useNavigate();
  return <InvitePage token={Route.useSearch().token} onDone={() => navigate({ to: '/', replace: true })} />;
}
