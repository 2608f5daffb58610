/** Grants and wishes for them on the server. */
import { infiniteQueryOptions, queryOptions, useMutation } from '@tanstack/react-query';
import { api, type BodyOf } from '@/api/client';
import { queryClient } from '@/api/queries';
import type { AccessLevel, SharedKind, SubjectKind } from '@/api/types';

/** A row that can be granted. */
export interface Resource {
  kind: SharedKind;
  id: string;
}

export const grantsOn = ({ kind, id }: Resource) =>
  queryOptions({
    queryKey: ['grants', 'on', kind, id],
    queryFn: ({ signal }) =>
      api.get('/api/permissions/grants', {
        query: { resource_type: kind, resource_id: id, limit: 100 },
        signal,
      }),
  });

/** What is asked about whom. */
export interface Asked {
  level: AccessLevel;
  kind: Exclude<SubjectKind, 'organization'>;
  q: string;
  allowed: '' | 'true' | 'false';
}

export const whoMay = ({ kind, id }: Resource, asked: Asked) =>
  infiniteQueryOptions({
    queryKey: ['grants', 'who', kind, id, asked],
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/permissions/who', {
        query: {
          resource_type: kind,
          resource_id: id,
          access_level: asked.level,
          subject_type: asked.kind,
          ...(asked.q ? { q: asked.q } : {}),
          ...(asked.allowed ? { allowed: asked.allowed === 'true' } : {}),
          ...(pageParam ? { cursor: pageParam } : {}),
        },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
  });

/** What a grant would change; read anew when grants are. */
export const preview = (
  { kind, id }: Resource,
  subject: { subject_type: SubjectKind; subject_id: string },
  level: AccessLevel,
) =>
  queryOptions({
    queryKey: ['grants', 'preview', kind, id, subject, level],
    queryFn: () =>
      api.post('/api/permissions/preview', {
        resource_type: kind,
        resource_id: id,
        ...subject,
        access_level: level,
      }),
    retry: false,
  });

/** What this person asked for on a row and nobody has answered. */
export const openWishes = queryOptions({
  queryKey: ['access-requests', 'mine', 'pending'],
  queryFn: ({ signal }) =>
    api.get('/api/permissions/requests', { query: { mine: true, status: 'pending', limit: 100 }, signal }),
});

/** What this person asked for lately, answered or not. */
export const myWishes = queryOptions({
  queryKey: ['access-requests', 'mine', 'all'],
  queryFn: ({ signal }) => api.get('/api/permissions/requests', { query: { mine: true, limit: 10 }, signal }),
});

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => api.get('/api/roles', { query: { limit: 100 }, signal }),
});

function granted() {
  return queryClient.invalidateQueries({ queryKey: ['grants'] });
}

export function useGrant() {
  return useMutation({
    mutationFn: (body: BodyOf<'post', '/api/permissions/grant'>) => api.post('/api/permissions/grant', body),
    onSettled: granted,
  });
}

export function useRevoke() {
  return useMutation({
    mutationFn: (grantId: string) => api.post('/api/permissions/revoke', { grant_id: grantId }),
    onSettled: granted,
  });
}

function asked() {
  return queryClient.invalidateQueries({ queryKey: ['access-requests'] });
}

export function useAsk() {
  return useMutation({
    mutationFn: (body: BodyOf<'post', '/api/permissions/request'>) =>
      api.post('/api/permissions/request', body),
    onSettled: asked,
  });
}

/** Takes one's own wish back, as long as nobody has answered it. */
export function useWithdraw() {
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/permissions/requests/${id}`),
    onSettled: asked,
  });
}

export function useAnswer() {
  return useMutation({
    mutationFn: ({ id, until, reason }: { id: string; until?: string | null; reason?: string }) =>
      reason === undefined
        ? api.put(`/api/permissions/requests/${id}/approve`, until ? { expires_at: until } : {})
        : api.put(`/api/permissions/requests/${id}/deny`, { reason }),
    onSettled: () => Promise.all([asked(), granted()]),
  });
}

export const publicLinks = (id: string) =>
  queryOptions({
    queryKey: ['public-links', id],
    queryFn: ({ signal }) => api.get(`/api/conversations/${id}/shares`, { query: { limit: 100 }, signal }),
  });

/** What a public link opens; asked without a sign-in. */
export const publicView = (token: string) =>
  queryOptions({
    queryKey: ['public-view', token],
    queryFn: ({ signal }) => api.get(`/api/share/${token}`, { signal, quiet: true }),
    enabled: token !== '',
    retry: false,
  });

function linked() {
  return queryClient.invalidateQueries({ queryKey: ['public-links'] });
}

export function useMakeLink(id: string, artifactId?: string) {
  return useMutation({
    mutationFn: (expiresAt: string) =>
      api.post(`/api/conversations/${id}/share`, {
        expires_at: expiresAt,
        ...(artifactId ? { artifact_id: artifactId } : {}),
      }),
    onSettled: linked,
  });
}

export function useCloseLink() {
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/share/${id}`),
    onSettled: linked,
  });
}
