/** `/runs/$runId`. */
import { createFileRoute } from '@tanstack/react-router';
import { RunPage } from '@/features/runs';

export const Route = createFileRoute('/_app/runs/$runId')({ component: Run });

function Run() {
  return <RunPage runId={Route.useParams().runId} />;
}
