/** `/workflows`, and `/workflows?canvas=`: the library, or the drawings beside it. */
import { createFileRoute, useSearch } from '@tanstack/react-router';
import { DrawingsPage, WorkflowsPage } from '@/features/workflows';

export const Route = createFileRoute('/_app/workflows/')({ component: Workflows });

function Workflows() {
  const { canvas } = useSearch({ strict: false }) as { canvas?: unknown };
  if (canvas === undefined) return <WorkflowsPage />;
  return <DrawingsPage canvasId={canvas === '' ? undefined : String(canvas)} />;
}
