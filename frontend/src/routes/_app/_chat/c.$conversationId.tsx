/** `/c/$conversationId`: a stored conversation. `?artifact=` opens one version of an artifact beside it. */
import { createFileRoute } from '@tanstack/react-router';

export const Route = createFileRoute('/_app/_chat/c/$conversationId')({
  validateSearch: (search: Record<string, unknown>): { artifact?: string } =>
    typeof search.artifact === 'string' ? { artifact: search.artifact } : {},
});
