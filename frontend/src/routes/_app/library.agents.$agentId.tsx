/** `/library/agents/$agentId`. */
import { createFileRoute } from '@tanstack/react-router';
import { AgentDetailPage } from '@/features/agents';

export const Route = createFileRoute('/_app/library/agents/$agentId')({ component: AgentDetail });

function AgentDetail() {
  return <AgentDetailPage agentId={Route.useParams().agentId} />;
}
