/** `/sign-in`. */
import { createFileRoute, useRouter } from '@tanstack/react-router';
import { SignInPage } from '@/features/auth';

export const Route = createFileRoute('/sign-in')({
  validateSearch: (search: Record<string, unknown>): { return?: string } =>
    typeof search.return === 'string' ? { return: search.return } : {},
  component: SignIn,
});

function SignIn() {
  const router = useRouter();
  const { return: returnTo } = Route.useSearch();
  return <SignInPage returnTo={returnTo} onDone={(path) => router.history.replace(path)} />;
}
