/** `/servers/$serverId`. */
import { createFileRoute } from '@tanstack/react-router';
import { ServerDetailPage } from '@/features/mcp';

export const Route = createFileRoute('/_app/servers/$serverId')({ component: Server });

function Server() {
  return <ServerDetailPage serverId={Route.useParams().serverId} />;
}
