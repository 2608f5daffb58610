/** The audit log on the server: entries, the chain, who accessed what, and the names behind subjects. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, raw } from '@/api/client';
import { queryClient } from '@/api/queries';
import { type AuditSearch, apiQuery, moment } from './model/search';

export type {
  AuditChain,
  AuditEvent,
  AuditVerification,
  ComplianceReport,
  ComplianceRow,
} from '@/api/generated/types.gen';

export const entriesQuery = (organizationId: string, { entry: _, ...filters }: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'entries', organizationId, filters],
    queryFn: ({ pageParam, signal }) =>
      api.get(`/api/v1/orgs/${organizationId}/audit`, {
        query: { ...apiQuery(filters), limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

export const entryQuery = (organizationId: string, id: string) =>
  queryOptions({
    queryKey: ['audit', 'entry', organizationId, id],
    queryFn: ({ signal }) => api.get(`/api/v1/orgs/${organizationId}/audit/${id}`, { signal }),
  });

export const chainQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['audit', 'chain', organizationId],
    queryFn: ({ signal }) => api.get(`/api/v1/orgs/${organizationId}/audit/chain`, { signal }),
    refetchInterval: 4_000,
  });

/** Has the server check every entry, and remembers what it found. */
export async function verifyChain(organizationId: string) {
  const chain = await api.get(`/api/v1/orgs/${organizationId}/audit/chain`, { query: { verify: true } });
  queryClient.setQueryData(chainQuery(organizationId).queryKey, chain);
  return chain;
}

export const complianceQuery = (organizationId: string, from: string, to: string) =>
  queryOptions({
    queryKey: ['audit', 'compliance', organizationId, from, to],
    queryFn: ({ signal }) =>
      api.get(`/api/v1/orgs/${organizationId}/audit/compliance`, {
        query: { from: moment(from), to: moment(to, 1) },
        signal,
      }),
  });

/** Fetches a file that the browser then keeps. The sign-in is refreshed on the way where it has run out. */
export async function download(address: string): Promise<void> {
  const response = await raw('GET', address);
  const named = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = named ?? 'audit';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
