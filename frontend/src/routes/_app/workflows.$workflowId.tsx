/** `/workflows/$workflowId`. */
import { createFileRoute } from '@tanstack/react-router';
import { WorkflowPage } from '@/features/workflows';

export const Route = createFileRoute('/_app/workflows/$workflowId')({ component: One });

function One() {
  const { workflowId } = Route.useParams();
  return <WorkflowPage key={workflowId} workflowId={workflowId} />;
}
