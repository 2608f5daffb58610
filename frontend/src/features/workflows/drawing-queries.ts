/** Drawings on the server: those of the organisation, one of them, and every write. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type BodyOf, newId } from '@/api/client';
import type { Canvas } from '@/api/types';

/** What can be changed of a drawing. */
export type DrawingChange = BodyOf<'patch', `/api/v1/orgs/${string}/canvas/${string}`>;

export const drawingKeys = {
  all: ['canvas'] as const,
  list: (organization: string) => ['canvas', 'list', organization] as const,
  one: (id: string) => ['canvas', 'one', id] as const,
};

export const drawingList = (organization: string) =>
  infiniteQueryOptions({
    queryKey: drawingKeys.list(organization),
    queryFn: ({ pageParam, signal }) =>
      api.get(`/api/v1/orgs/${organization}/canvas`, { query: { limit: 48, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const drawingById = (organization: string, id: string) =>
  queryOptions({
    queryKey: drawingKeys.one(id),
    queryFn: ({ signal }) => api.get(`/api/v1/orgs/${organization}/canvas/${id}`, { signal }),
  });

/** Every tool that there is for the caller; the key is one of agents', so that what changes these refreshes it too. */
export const toolOptions = queryOptions({
  queryKey: ['agents', 'tool-options'],
  queryFn: ({ signal }) => api.get('/agents/available-tools', { signal }),
});

/** Every write answers with the drawing as it is now. */
function useWrite<T>(organization: string, write: (values: T) => Promise<Canvas>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: (saved) => {
      client.setQueryData(drawingKeys.one(saved.id), saved);
      return client.invalidateQueries({ queryKey: drawingKeys.list(organization) });
    },
  });
}

export function useCreateDrawing(organization: string) {
  return useWrite(organization, (body: BodyOf<'post', `/api/v1/orgs/${string}/canvas`>) =>
    api.post(`/api/v1/orgs/${organization}/canvas`, body, { idempotencyKey: newId() }),
  );
}

/** Changes the revision that was read. */
export function useSaveDrawing(organization: string, id: string) {
  return useWrite(organization, ({ revision, change }: { revision: number; change: DrawingChange }) =>
    api.patch(`/api/v1/orgs/${organization}/canvas/${id}`, change, { ifMatch: revision }),
  );
}

export function useDeleteDrawing(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/v1/orgs/${organization}/canvas/${id}`),
    onSuccess: (_, id) => {
      client.removeQueries({ queryKey: drawingKeys.one(id) });
      return client.invalidateQueries({ queryKey: drawingKeys.list(organization) });
    },
  });
}
