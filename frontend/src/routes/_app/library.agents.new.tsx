/** `/library/agents/new`. */
import { createFileRoute } from '@tanstack/react-router';
import { AgentNewPage } from '@/features/agents';

export const Route = createFileRoute('/_app/library/agents/new')({ component: AgentNewPage });
