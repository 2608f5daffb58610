/** What an answer waits for below it: a workflow or another agent that it began asks here, where it was begun. */
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { api } from '@/api/client';

const Question = lazy(async () => ({ default: (await import('@/features/workflows')).Question }));

export function QuestionsBelow({ runId }: { runId: string }) {
  const { data } = useQuery({
    queryKey: ['tasks', 'below', runId],
    queryFn: () => api.get('/api/tasks', { query: { status: 'pending', root_run_id: runId, limit: 50 } }),
  });
  // The answer's own calls ask in their place.
  const below = data?.items.filter((task) => task.run_id !== runId) ?? [];
  return (
    <Suspense fallback={<div className="card min-h-40" />}>
      {below.map((task) => (
        <Question key={task.id} task={task} />
      ))}
    </Suspense>
  );
}
