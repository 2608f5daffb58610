/** `/governance`: its first page. */
import { createFileRoute, redirect } from '@tanstack/react-router';

export const Route = createFileRoute('/_app/governance/')({
  beforeLoad: () => {
    throw redirect({ to: '/governance/policies', replace: true });
  },
});
