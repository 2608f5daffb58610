/** Queries that several features share. Keys start with the noun, so that an event can invalidate all of it. */
import { type InfiniteData, infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query';
import { api } from './client';
import { Problem } from './problem';
import type { Conversation, Page } from './types';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // A refusal stays a refusal; only transport and server trouble is worth another try.
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status < 500),
      refetchOnWindowFocus: false,
    },
  },
});

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: () => api.get('/api/setup/status', { refresh: false }),
  staleTime: 0,
});

export const signInProvidersQuery = queryOptions({
  queryKey: ['sign-in-providers'],
  queryFn: () => api.get('/api/auth/oidc/providers', { refresh: false }),
});

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => api.get('/api/auth/me', { quiet: true }),
  staleTime: 5 * 60_000,
});

export const organizationsQuery = queryOptions({
  queryKey: ['organizations'],
  queryFn: () => api.get('/api/v1/auth/me/orgs'),
});

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: () => api.get('/api/models'),
  staleTime: 5 * 60_000,
});

export const agentOptionsQuery = queryOptions({
  queryKey: ['agents', 'options'],
  queryFn: () => api.get('/api/agents', { query: { limit: 100 } }),
});

export const tasksQuery = queryOptions({
  queryKey: ['tasks', 'pending'],
  queryFn: () => api.get('/api/tasks', { query: { status: 'pending', limit: 100 } }),
});

/** What others ask for and this person may grant. */
export const accessRequestsQuery = queryOptions({
  queryKey: ['access-requests', 'pending'],
  queryFn: async () => {
    const page = await api.get('/api/permissions/requests', { query: { status: 'pending', limit: 100 } });
    return page.items.filter((request) => request.can_decide);
  },
});

export interface ConversationFilter {
  archived?: boolean;
  q?: string;
}

export const conversationsQuery = (filter: ConversationFilter = {}) =>
  infiniteQueryOptions({
    queryKey: ['conversations', 'list', filter],
    queryFn: ({ pageParam }) =>
      api.get('/api/conversations', {
        query: { limit: 50, archived: filter.archived ?? false, q: filter.q, cursor: pageParam },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: ['conversations', 'one', id],
    queryFn: () => api.get(`/api/conversations/${id}`),
  });

export const runQuery = (id: string) =>
  queryOptions({ queryKey: ['runs', id], queryFn: () => api.get(`/api/runs/${id}`) });

/** Writes a conversation into every list and page that shows it, at once. */
export function patchConversation(id: string, change: Partial<Conversation>): void {
  queryClient.setQueryData(conversationQuery(id).queryKey, (old) => (old ? { ...old, ...change } : old));
  queryClient.setQueriesData<InfiniteData<Page<Conversation>>>(
    { queryKey: ['conversations', 'list'] },
    (old) =>
      old
        ? {
            ...old,
            pages: old.pages.map((page) => ({
              ...page,
              items: page.items.map((item) => (item.id === id ? { ...item, ...change } : item)),
            })),
          }
        : old,
  );
}

/** Who belongs to an organisation. */
export const membersQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['settings', 'members', organizationId],
    queryFn: () => api.get(`/api/v1/orgs/${organizationId}/members`, { query: { limit: 100 } }),
  });
