/** `/`: a new chat. `?agent=` begins it with an agent of the library. */
import { createFileRoute, redirect } from '@tanstack/react-router';
import { choose } from '@/features/chat';

export const Route = createFileRoute('/_app/_chat/')({
  validateSearch: (search: Record<string, unknown>): { agent?: string } =>
    typeof search.agent === 'string' ? { agent: search.agent } : {},
  beforeLoad: ({ search }) => {
    if (!search.agent) return;
    choose({ agentId: search.agent, model: null });
    throw redirect({ to: '/', search: {}, replace: true });
  },
});
