/** MCP servers on the server: the list, one server with its tools, resources and logs, and every write. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type BodyOf, newId } from '@/api/client';
import type { Page, Tool } from '@/api/types';

export const connectorKeys = {
  all: ['connectors'] as const,
  one: (id: string) => ['connectors', 'one', id] as const,
  tools: (id: string) => ['connectors', 'tools', id] as const,
  resources: (id: string) => ['connectors', 'resources', id] as const,
  logs: (id: string) => ['connectors', 'logs', id] as const,
};

export type {
  McpResource as Resource,
  McpServerConnection as ConnectAnswer,
  McpServerDiscovery as DiscoverAnswer,
  ToolExecution as ToolAnswer,
} from '@/api/types';

export const connectorList = (q: string) =>
  infiniteQueryOptions({
    queryKey: [...connectorKeys.all, 'list', q],
    queryFn: ({ pageParam, signal }) =>
      q
        ? api.get('/api/mcp/servers/search', { query: { limit: 48, q, cursor: pageParam }, signal })
        : api.get('/api/mcp/servers', { query: { limit: 48, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const connectorById = (id: string) =>
  queryOptions({
    queryKey: connectorKeys.one(id),
    queryFn: ({ signal }) => api.get(`/api/mcp/servers/${id}`, { signal }),
  });

async function everyTool(id: string, signal: AbortSignal): Promise<Page<Tool>> {
  const items: Tool[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Tool> = await api.get(`/api/mcp/servers/${id}/tools`, {
      query: { limit: 100, cursor },
      signal,
    });
    items.push(...page.items);
    cursor = page.next_cursor ?? null;
  } while (cursor);
  // What a server no longer offers stays in its records, not on its page.
  return { items: items.filter((tool) => tool.present !== false), next_cursor: null };
}

export const connectorTools = (id: string) =>
  queryOptions({ queryKey: connectorKeys.tools(id), queryFn: ({ signal }) => everyTool(id, signal) });

export const connectorResources = (id: string) =>
  queryOptions({
    queryKey: connectorKeys.resources(id),
    queryFn: ({ signal }) => api.get(`/api/mcp/servers/${id}/resources`, { signal }),
  });

export const connectorLogs = (id: string) =>
  infiniteQueryOptions({
    queryKey: connectorKeys.logs(id),
    queryFn: ({ pageParam, signal }) =>
      api.get(`/api/mcp/servers/${id}/logs`, { query: { limit: 25, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

/** Everything about servers is read again after a write: status, counts and tools hang together. */
function useWrite<Input, Output>(write: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSettled: () => client.invalidateQueries({ queryKey: connectorKeys.all }),
  });
}

export const useSaveConnector = () =>
  useWrite(({ id, body }: { id?: string | undefined; body: BodyOf<'post', '/api/mcp/servers'> }) =>
    id
      ? api.put(`/api/mcp/servers/${id}`, body)
      : api.post('/api/mcp/servers', body, { idempotencyKey: newId() }),
  );

/** Reads an OpenAPI document; nothing is kept. */
export const useImportApi = () =>
  useMutation({ mutationFn: (document: string) => api.post('/api/mcp/operations/import', { document }) });

export const useConnect = () => useWrite((id: string) => api.post(`/api/mcp/servers/${id}/connect`));

export const useConfirmCommand = () =>
  useWrite(({ id, hash }: { id: string; hash: string }) =>
    api.post(`/api/mcp/servers/${id}/confirm-command`, { hash }),
  );

export const useDiscover = () => useWrite((id: string) => api.post(`/api/mcp/servers/${id}/discover`));

export const useRestart = () => useWrite((id: string) => api.post(`/api/mcp/servers/${id}/restart`));

export const useDeleteConnector = () => useWrite((id: string) => api.delete(`/api/mcp/servers/${id}`));

/** What an administrator decides about a tool. */
export type ToolChange = BodyOf<'put', `/api/mcp/servers/${string}/tools/${string}`>;

export const useChangeTool = (serverId: string) =>
  useWrite(({ toolId, change }: { toolId: string; change: ToolChange }) =>
    api.put(`/api/mcp/servers/${serverId}/tools/${toolId}`, change),
  );

export function useExecuteTool(serverId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (call: { tool: string; arguments: Record<string, unknown> }) =>
      api.post('/api/mcp/execute/tool', { server_id: serverId, ...call }, { idempotencyKey: newId() }),
    onSettled: () => client.invalidateQueries({ queryKey: connectorKeys.logs(serverId) }),
  });
}

export function useReadResource(serverId: string) {
  return useMutation({
    mutationFn: (uri: string) => api.post('/api/mcp/read/resource', { server_id: serverId, uri }),
  });
}
