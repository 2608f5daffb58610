/** `/setup?token=`. */
import { createFileRoute, useNavigate } from '@tanstack/react-router';
import { SetupPage } from '@/features/auth';

export const Route = createFileRoute('/setup')({
  validateSearch: (search: Record<string, unknown>): { token?: string } =>
    typeof search.token === 'string' ? { token: search.token } : {},
  component: Setup,
});

function Setup() {
  const navigate = useNavigate();
  return <SetupPage token={Route.useSearch().token} onDone={() => navigate({ to: '/', replace: true })} />;
}
