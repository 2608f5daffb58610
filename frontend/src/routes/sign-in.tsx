/** `/sign-in`. */
import { createFileRoute, useRouter } from '@tanstack/react-router';
import { SignInPage } from '@/features/auth';

export const Route = createFileRoute('/sign-in')({
  validateSearch: (search: Record<string, unknown>): { return?: string; problem?: string } => ({
    ...(typeof search.return === 'string' ? { return: search.return } : {}),
    ...(typeof search.problem === 'string' ? { problem: search.problem } : {}),
  }),
  component: SignIn,
});

function SignIn() {
  const router = useRouter();
  const { return: returnTo, problem } = Route.useSearch();
  return <SignInPage returnTo={returnTo} problem={problem} onDone={(path) => router.history.replace(path)} />;
}
