/** What settings read and write. */
import { queryOptions } from '@tanstack/react-query';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { meQuery, queryClient } from '@/api/queries';
import type { Preferences, User } from '@/api/types';
import { adoptPreferences } from '@/lib/appearance';
import { toast } from '@/lib/toast';

export const keysQuery = queryOptions({
  queryKey: ['settings', 'keys'],
  queryFn: () => api.get('/api/settings/api-keys', { query: { limit: 100 } }),
});

export const sessionsQuery = queryOptions({
  queryKey: ['settings', 'sessions'],
  queryFn: () => api.get('/api/auth/sessions', { query: { limit: 100 } }),
});

export const mfaQuery = queryOptions({
  queryKey: ['settings', 'mfa'],
  queryFn: () => api.get('/api/auth/mfa'),
});

export const identityProvidersQuery = queryOptions({
  queryKey: ['settings', 'identity-providers'],
  queryFn: () => api.get('/api/v1/identity-providers'),
});

/** While a rotation runs, it is looked at every second. */
export const secretKeysQuery = queryOptions({
  queryKey: ['settings', 'secret-keys'],
  queryFn: () => api.get('/api/v1/secret-keys'),
  refetchInterval: (query) => (query.state.data?.rotation?.status === 'running' ? 1000 : false),
});

export const directoryQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['settings', 'directory', organizationId],
    queryFn: () => api.get(`/api/v1/orgs/${organizationId}/directory`),
  });

export const directoryGroupsQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['settings', 'directory-groups', organizationId],
    queryFn: () => api.get(`/api/v1/orgs/${organizationId}/directory/groups`, { query: { limit: 100 } }),
    // The directory sends them when it likes.
    staleTime: 5_000,
  });

export function rememberUser(user: User): void {
  queryClient.setQueryData(meQuery.queryKey, (me) => (me ? { ...me, user } : me));
}

/** Shows a preference at once and stores it; takes it back when the server refuses. */
export async function savePreferences(change: Preferences): Promise<void> {
  const before = queryClient.getQueryData(meQuery.queryKey);
  adoptPreferences(change);
  if (before) {
    rememberUser({ ...before.user, preferences: { ...before.user.preferences, ...change } });
  }
  try {
    await api.put('/api/settings', { preferences: change });
  } catch (error) {
    if (before) {
      rememberUser(before.user);
      adoptPreferences(before.user.preferences);
    }
    toast.error(describe(error));
  }
}
