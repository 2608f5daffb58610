/** Accounts, reviews and what roles permit, on the server. */
import { infiniteQueryOptions, queryOptions, useMutation } from '@tanstack/react-query';
import { api, type BodyOf } from '@/api/client';
import { queryClient } from '@/api/queries';
import type { PlatformRole } from '@/api/types';

export const accounts = infiniteQueryOptions({
  queryKey: ['accounts'],
  queryFn: ({ pageParam, signal }) =>
    api.get('/api/users', { query: { limit: 50, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

/** While somebody is being erased, it is looked at every second. */
export const erasures = infiniteQueryOptions({
  queryKey: ['accounts', 'erasures'],
  queryFn: ({ pageParam, signal }) =>
    api.get('/api/users/erasures', { query: { limit: 20, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
  refetchInterval: (query) =>
    query.state.data?.pages.some((page) => page.items.some((one) => one.status === 'running')) ? 1000 : false,
});

export const grantsOfUser = (userId: string) =>
  queryOptions({
    queryKey: ['grants', 'user', userId],
    queryFn: ({ signal }) => api.get(`/api/permissions/users/${userId}`, { query: { limit: 100 }, signal }),
  });

function changed() {
  return Promise.all([
    queryClient.invalidateQueries({ queryKey: ['accounts'] }),
    queryClient.invalidateQueries({ queryKey: ['me'] }),
  ]);
}

export function useChangeAccount() {
  return useMutation({
    mutationFn: ({ id, change }: { id: string; change: BodyOf<'patch', `/api/users/${string}`> }) =>
      api.patch(`/api/users/${id}`, change),
    onSettled: changed,
  });
}

export function useChangeRole() {
  return useMutation({
    mutationFn: ({ id, role }: { id: string; role: PlatformRole }) =>
      api.put(`/api/users/${id}/role`, { role }),
    onSettled: changed,
  });
}

/** How many calls a day whoever has a role may make in the organisation; nothing for no limit. */
export function useLimitRole() {
  return useMutation({
    mutationFn: ({ id, most }: { id: string; most: number | null }) =>
      api.patch(`/api/roles/${id}`, { max_api_calls_per_day: most }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['roles'] }),
  });
}

export function useErase() {
  return useMutation({
    mutationFn: ({
      id,
      self,
      proof,
    }: {
      id: string;
      self: boolean;
      proof: BodyOf<'post', '/api/auth/erase'>;
    }) => (self ? api.post('/api/auth/erase', proof) : api.post(`/api/users/${id}/erase`, proof)),
    // Whoever erased themselves is nobody to ask any more.
    onSuccess: (_, { self }) => (self ? undefined : changed()),
  });
}

export const campaigns = queryOptions({
  queryKey: ['campaigns', 'list'],
  queryFn: ({ signal }) => api.get('/api/permissions/campaigns', { query: { limit: 100 }, signal }),
});

export const campaign = (id: string) =>
  queryOptions({
    queryKey: ['campaigns', 'one', id],
    queryFn: ({ signal }) => api.get(`/api/permissions/campaigns/${id}`, { signal }),
  });

export const campaignItems = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['campaigns', 'items', id],
    queryFn: ({ pageParam, signal }) =>
      api.get(`/api/permissions/campaigns/${id}/items`, { query: { limit: 100, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

function reviewed() {
  return Promise.all([
    queryClient.invalidateQueries({ queryKey: ['campaigns'] }),
    queryClient.invalidateQueries({ queryKey: ['grants'] }),
  ]);
}

export function useOpenCampaign() {
  return useMutation({
    mutationFn: (body: BodyOf<'post', '/api/permissions/campaigns'>) =>
      api.post('/api/permissions/campaigns', body),
    onSettled: reviewed,
  });
}

export function useReview(campaignId: string) {
  return useMutation({
    mutationFn: ({ id, decision }: { id: string; decision: 'confirm' | 'drop' }) =>
      api.put(`/api/permissions/campaigns/${campaignId}/items/${id}`, { decision }),
    onSettled: reviewed,
  });
}

export function useCloseCampaign(campaignId: string) {
  return useMutation({
    mutationFn: () => api.post(`/api/permissions/campaigns/${campaignId}/close`, {}),
    onSettled: reviewed,
  });
}
