/** `/workflows`. */
import { createFileRoute } from '@tanstack/react-router';
import { WorkflowsPage } from '@/features/workflows';

export const Route = createFileRoute('/_app/workflows/')({ component: WorkflowsPage });
