/** `/servers`. */
import { createFileRoute } from '@tanstack/react-router';
import { ServersPage } from '@/features/mcp';

export const Route = createFileRoute('/_app/servers/')({ component: ServersPage });
