/** Agents on the server: the library, one agent with its versions and tools, and every write. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type BodyOf, newId } from '@/api/client';
import type { Agent, Run } from '@/api/types';

export const agentKeys = {
  all: ['agents'] as const,
  list: (filter: AgentFilter) => ['agents', 'list', filter] as const,
  one: (id: string) => ['agents', 'one', id] as const,
  versions: (id: string) => ['agents', 'versions', id] as const,
  tools: (id: string) => ['agents', 'tools', id] as const,
  catalogue: ['agents', 'catalogue'] as const,
};

/** What the library shows. */
export interface AgentFilter {
  q: string;
  official?: boolean | undefined;
  tag?: string | undefined;
}

export const agentList = (filter: AgentFilter) =>
  infiniteQueryOptions({
    queryKey: agentKeys.list(filter),
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/agents', {
        query: { limit: 48, q: filter.q, official: filter.official, tag: filter.tag, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const agentById = (id: string) =>
  queryOptions({
    queryKey: agentKeys.one(id),
    queryFn: ({ signal }) => api.get(`/api/agents/${id}`, { signal }),
  });

export const agentVersions = (id: string) =>
  queryOptions({
    queryKey: agentKeys.versions(id),
    queryFn: ({ signal }) => api.get(`/api/agents/${id}/versions`, { query: { limit: 100 }, signal }),
  });

/** What this agent may call. */
export const agentTools = (id: string) =>
  queryOptions({
    queryKey: agentKeys.tools(id),
    queryFn: ({ signal }) => api.get(`/api/agents/${id}/available-tools`, { signal }),
  });

/** Every tool that an agent could be given. */
export const toolCatalogue = queryOptions({
  queryKey: agentKeys.catalogue,
  queryFn: ({ signal }) => api.get('/agents/available-tools', { signal }),
});

/** The servers whose tools can be chosen; the keys are the servers' own, so that their pages refresh these too. */
export const toolServers = queryOptions({
  queryKey: ['connectors', 'options'],
  queryFn: ({ signal }) => api.get('/api/mcp/servers', { query: { limit: 100 }, signal }),
});

export const serverTools = (id: string) =>
  queryOptions({
    queryKey: ['connectors', 'tools', id],
    queryFn: ({ signal }) => api.get(`/api/mcp/servers/${id}/tools`, { query: { limit: 100 }, signal }),
  });

/** Creates, or changes the version that was read. */
export function useSaveAgent(agent: Agent | undefined) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: BodyOf<'post', '/api/agents'>) =>
      agent
        ? api.put(`/api/agents/${agent.id}`, body, { ifMatch: agent.current_version })
        : api.post('/api/agents', body, { idempotencyKey: newId() }),
    onSuccess: (saved) => {
      client.setQueryData(agentKeys.one(saved.id), saved);
      return client.invalidateQueries({ queryKey: agentKeys.all });
    },
  });
}

export function useCloneAgent() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, name }: { id: string; name?: string }) =>
      api.post(`/api/agents/${id}/clone`, name ? { name } : {}, { idempotencyKey: newId() }),
    onSuccess: () => client.invalidateQueries({ queryKey: agentKeys.all }),
  });
}

export function useDeleteAgent() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/agents/${id}`),
    onSuccess: (_, id) => {
      client.removeQueries({ queryKey: agentKeys.one(id) });
      return client.invalidateQueries({ queryKey: agentKeys.all });
    },
  });
}

export function useRollback(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (version: number) => api.post(`/api/agents/${id}/versions/${String(version)}/rollback`),
    onSuccess: (agent) => {
      client.setQueryData(agentKeys.one(id), agent);
      return client.invalidateQueries({ queryKey: agentKeys.all });
    },
  });
}

/** Starts a run of the saved agent that belongs to no conversation. */
export function useTestAgent(id: string) {
  return useMutation({
    mutationFn: (input: string) => api.post(`/api/agents/${id}/test`, { input }, { idempotencyKey: newId() }),
  });
}

export function cancelRun(runId: string): Promise<Run> {
  return api.post(`/api/execute/${runId}/cancel`);
}
