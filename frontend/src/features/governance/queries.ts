/** Policies on the server, and questions to the decision point. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type BodyOf, newId } from '@/api/client';
import type { Policy } from '@/api/types';

export const policyKeys = {
  all: ['policies'] as const,
  list: (organization: string) => ['policies', 'list', organization] as const,
  one: (organization: string, id: string) => ['policies', 'one', organization, id] as const,
};

async function everyPolicy(organization: string, signal: AbortSignal): Promise<Policy[]> {
  const items: Policy[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: Policy[]; next_cursor?: string | null } = await api.get(
      `/api/v1/orgs/${organization}/policies`,
      { query: { limit: 100, cursor }, signal },
    );
    items.push(...page.items);
    cursor = page.next_cursor ?? null;
  } while (cursor);
  return items;
}

export const policyList = (organization: string) =>
  queryOptions({
    queryKey: policyKeys.list(organization),
    queryFn: ({ signal }) => everyPolicy(organization, signal),
  });

export const policyById = (organization: string, id: string) =>
  queryOptions({
    queryKey: policyKeys.one(organization, id),
    queryFn: ({ signal }) => api.get(`/api/v1/orgs/${organization}/policies/${id}`, { signal }),
  });

export type PolicyBody = BodyOf<'post', `/api/v1/orgs/${string}/policies`>;
export type PolicyChange = BodyOf<'patch', `/api/v1/orgs/${string}/policies/${string}`>;
export type Question = BodyOf<'post', `/api/v1/orgs/${string}/policies/evaluate`>;

function useWrite<Input, Output>(write: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSettled: () => client.invalidateQueries({ queryKey: policyKeys.all }),
  });
}

export const useCreatePolicy = (organization: string) =>
  useWrite((body: PolicyBody) =>
    api.post(`/api/v1/orgs/${organization}/policies`, body, { idempotencyKey: newId() }),
  );

export const useChangePolicy = (organization: string) =>
  useWrite(({ id, change, version }: { id: string; change: PolicyChange; version?: number }) =>
    api.patch(`/api/v1/orgs/${organization}/policies/${id}`, change, {
      ...(version === undefined ? {} : { ifMatch: version }),
    }),
  );

/** Only the list is read again: the page of the deleted one is still open and would not find it. */
export function useDeletePolicy(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/v1/orgs/${organization}/policies/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: policyKeys.list(organization) }),
  });
}

/** Stored rows that a question may be about: the newest of each kind that this person sees. */
export const rowsToAsk = queryOptions({
  queryKey: ['policies', 'rows'],
  queryFn: async ({ signal }) => {
    const query = { limit: 100 };
    const [agents, connectors, workflows, conversations] = await Promise.all([
      api.get('/api/agents', { query, signal }),
      api.get('/api/mcp/servers', { query, signal }),
      api.get('/api/workflows', { query, signal }),
      api.get('/api/conversations', { query, signal }),
    ]);
    return {
      agent: agents.items.map(({ id, name }) => ({ id, name })),
      connector: connectors.items.map(({ id, name }) => ({ id, name })),
      workflow: workflows.items.map(({ id, name }) => ({ id, name })),
      conversation: conversations.items.map(({ id, title }) => ({ id, name: title ?? '' })),
    };
  },
  staleTime: 60_000,
});

export const useExplain = (organization: string) =>
  useMutation({
    mutationFn: (question: Question) => api.post(`/api/v1/orgs/${organization}/policies/evaluate`, question),
  });

export const useBacktest = (organization: string) =>
  useMutation({
    mutationFn: (test: BodyOf<'post', `/api/v1/orgs/${string}/policies/backtest`>) =>
      api.post(`/api/v1/orgs/${organization}/policies/backtest`, test),
  });
