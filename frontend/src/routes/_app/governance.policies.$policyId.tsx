/** `/governance/policies/$policyId`. */
import { createFileRoute } from '@tanstack/react-router';
import { PolicyPage } from '@/features/governance';

export const Route = createFileRoute('/_app/governance/policies/$policyId')({ component: One });

function One() {
  const { policyId } = Route.useParams();
  return <PolicyPage key={policyId} policyId={policyId} />;
}
