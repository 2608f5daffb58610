/** Workflows on the server: the library, one with its versions, documents in and out, and every write. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type BodyOf, newId, raw } from '@/api/client';
import { Problem } from '@/api/problem';
import type { CheckedWorkflow, Workflow, WorkflowSummary } from '@/api/types';
import { beginning, type Period } from './model/analytics';
import type { Values } from './model/graph';

type ExportBody = BodyOf<'post', `/api/workflows/${string}/export`>;
export type Form = ExportBody['format'];
export type Syntax = NonNullable<ExportBody['syntax']>;

/** What can be changed of a workflow. */
export type Change = BodyOf<'patch', `/api/workflows/${string}`>;

export const workflowKeys = {
  all: ['workflows'] as const,
  list: (filter: WorkflowFilter) => ['workflows', 'list', filter] as const,
  one: (id: string) => ['workflows', 'one', id] as const,
  versions: (id: string) => ['workflows', 'versions', id] as const,
  executions: (id: string) => ['workflows', 'executions', id] as const,
  shares: (runId: string, over: boolean) => ['workflows', 'shares', runId, over] as const,
  trial: (runId: string, over: boolean) => ['workflows', 'trial', runId, over] as const,
  analytics: (id: string, period: Period) => ['workflows', 'analytics', id, period] as const,
  ratings: (id: string) => ['workflows', 'ratings', id] as const,
  graph: (id: string, version: number) => ['workflows', 'graph', id, version] as const,
  document: (id: string, wanted: Wanted) => ['workflows', 'document', id, wanted] as const,
};

/** What the library shows. */
export interface WorkflowFilter {
  q: string;
  official?: boolean | undefined;
  template?: boolean | undefined;
  tags?: string[] | undefined;
}

export const workflowList = (filter: WorkflowFilter) =>
  infiniteQueryOptions({
    queryKey: workflowKeys.list(filter),
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/workflows', {
        query: {
          limit: 48,
          q: filter.q,
          official: filter.official,
          template: filter.template,
          tags: filter.tags?.length ? filter.tags.join(',') : undefined,
          cursor: pageParam,
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const workflowById = (id: string) =>
  queryOptions({
    queryKey: workflowKeys.one(id),
    queryFn: ({ signal }) => api.get(`/api/workflows/${id}`, { signal }),
  });

export const workflowVersions = (id: string) =>
  queryOptions({
    queryKey: workflowKeys.versions(id),
    queryFn: ({ signal }) => api.get(`/api/workflows/${id}/versions`, { query: { limit: 100 }, signal }),
  });

/** The newest of what people think of it, and all of it in two figures. */
export const workflowRatings = (id: string) =>
  queryOptions({
    queryKey: workflowKeys.ratings(id),
    queryFn: ({ signal }) => api.get(`/api/workflows/${id}/ratings`, { query: { limit: 20 }, signal }),
  });

/** How it did in the last while. */
export const workflowAnalytics = (id: string, period: Period) =>
  queryOptions({
    queryKey: workflowKeys.analytics(id, period),
    queryFn: ({ signal }) =>
      api.get(`/api/workflows/${id}/analytics`, { query: { since: beginning(period) }, signal }),
  });

/** Its runs, newest first. */
export const workflowExecutions = (id: string) =>
  infiniteQueryOptions({
    queryKey: workflowKeys.executions(id),
    queryFn: ({ pageParam, signal }) =>
      api.get(`/api/workflows/${id}/executions`, { query: { limit: 50, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

/** What each node of a run has spent so far, by its id. */
export const runShares = (runId: string, over: boolean) =>
  queryOptions({
    queryKey: workflowKeys.shares(runId, over),
    queryFn: async ({ signal }) => {
      const { steps } = await api.get(`/api/workflows/executions/${runId}`, { signal });
      return new Map(steps.map(({ id, ...step }) => [id, step] as const));
    },
    staleTime: over ? Number.POSITIVE_INFINITY : 0,
  });

/** The draft that a run is tried under, and what that decided so far. */
export const runTrial = (runId: string, over: boolean) =>
  queryOptions({
    queryKey: workflowKeys.trial(runId, over),
    queryFn: async ({ signal }) =>
      (await api.get(`/api/workflows/executions/${runId}`, { signal })).trial ?? null,
    staleTime: over ? Number.POSITIVE_INFINITY : 0,
  });

/** The graph as a run has it: that of its version, which may be an old one. Versions never change. */
export const workflowGraph = (id: string, version: number) =>
  queryOptions({
    queryKey: workflowKeys.graph(id, version),
    queryFn: async ({ signal }): Promise<unknown> => {
      for (let cursor: string | null | undefined; ; ) {
        const page = await api.get(`/api/workflows/${id}/versions`, { query: { limit: 20, cursor }, signal });
        const found = page.items.find((one) => one.version === version);
        if (found) return found.graph;
        cursor = page.next_cursor;
        if (!cursor) return null;
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Names of workflows, to choose another one by. */
export const workflowOptions = queryOptions({
  queryKey: ['workflows', 'options'],
  queryFn: ({ signal }) => api.get('/api/workflows', { query: { limit: 100 }, signal }),
});

/** The tools of a server, or the operations of an API, to choose one by. */
export const toolNames = (server: string) =>
  queryOptions({
    queryKey: ['connectors', 'tool-names', server],
    queryFn: ({ signal }) => api.get(`/api/mcp/servers/${server}/tools`, { query: { limit: 100 }, signal }),
  });

/** The workflows that ship with the server; what they say changes with it. */
export const workflowTemplates = queryOptions({
  queryKey: ['workflows', 'templates'],
  queryFn: ({ signal }) => api.get('/api/workflow-templates', { signal }),
});

/** A document as the server takes it: the form is found by its words, the syntax by its first brace. */
function documentBlob(text: string): Blob {
  const json = text.trimStart().startsWith('{');
  return new Blob([text], { type: json ? 'application/json' : 'application/yaml' });
}

/** What a document says and what is wrong with it; nothing is kept. */
export async function checkDocument(text: string, signal?: AbortSignal): Promise<CheckedWorkflow> {
  const answer = await raw('POST', '/api/workflows/check', {
    body: documentBlob(text),
    ...(signal ? { signal } : {}),
  });
  return (await answer.json()) as CheckedWorkflow;
}

/** In which form and syntax a document is wanted, and of which version. */
export interface Wanted {
  format: Form;
  syntax: Syntax;
  version?: number | undefined;
}

export interface Written {
  text: string;
  fileName: string;
}

function fileNameOf(disposition: string | null): string | undefined {
  const coded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1];
  if (coded) return decodeURIComponent(coded);
  return /filename="?([^";]+)"?/i.exec(disposition ?? '')?.[1];
}

export async function exportDocument(
  workflow: Pick<WorkflowSummary, 'id' | 'name'>,
  wanted: Wanted,
  signal?: AbortSignal,
): Promise<Written> {
  const answer = await raw('POST', `/api/workflows/${workflow.id}/export`, {
    body: wanted,
    headers: { Accept: '*/*' },
    ...(signal ? { signal } : {}),
  });
  const fileName = fileNameOf(answer.headers.get('Content-Disposition'));
  return { text: await answer.text(), fileName: fileName ?? `${workflow.name}.${wanted.syntax}` };
}

export const workflowDocument = (workflow: Pick<WorkflowSummary, 'id' | 'name'>, wanted: Wanted) =>
  queryOptions({
    queryKey: workflowKeys.document(workflow.id, wanted),
    queryFn: ({ signal }) => exportDocument(workflow, wanted, signal),
  });

/** Every write answers with the workflow as it is now. */
function useWrite<T>(write: (values: T) => Promise<Workflow>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: (saved) => {
      client.setQueryData(workflowKeys.one(saved.id), saved);
      return client.invalidateQueries({
        queryKey: workflowKeys.all,
        // The answer is the newest there is; asking again would only cost time.
        predicate: ({ queryKey }) => queryKey[1] !== 'one',
      });
    },
  });
}

export function useCreateWorkflow() {
  return useWrite((body: BodyOf<'post', '/api/workflows'>) =>
    api.post('/api/workflows', body, { idempotencyKey: newId() }),
  );
}

export function useImportWorkflow() {
  return useWrite(async ({ text, name, draft }: { text: string; name?: string; draft: boolean }) => {
    const answer = await raw('POST', '/api/workflows/import', {
      query: { name, draft: draft || undefined },
      body: documentBlob(text),
      idempotencyKey: newId(),
    });
    return (await answer.json()) as Workflow;
  });
}

/** Changes the revision that was read. */
export function useSaveWorkflow(id: string) {
  return useWrite(({ revision, change }: { revision: number; change: Change }) =>
    api.patch(`/api/workflows/${id}`, change, { ifMatch: revision }),
  );
}

/** Makes the secret of its webhook; the answer is the only one that tells it, and nothing keeps it. */
export function useRotateWebhook(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.post(`/api/workflows/${id}/webhook/rotate`, undefined),
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: workflowKeys.one(id) }),
  });
}

export function useCloneWorkflow() {
  return useWrite(({ id, name }: { id: string; name?: string }) =>
    api.post(`/api/workflows/${id}/clone`, name ? { name } : {}, { idempotencyKey: newId() }),
  );
}

/** Makes a workflow of one's own of one that ships. */
export function useInstantiate() {
  return useWrite((id: string) =>
    api.post(`/api/workflow-templates/${id}/instantiate`, {}, { idempotencyKey: newId() }),
  );
}

export function useRollback(id: string) {
  return useWrite(({ to, revision }: { to: number; revision: number }) =>
    api.post(`/api/workflows/${id}/versions/${String(to)}/rollback`, {}, { ifMatch: revision }),
  );
}

/** Makes a version of the revision that was read the one that runs. */
export function usePublish(id: string) {
  return useWrite(({ version, revision }: { version: number; revision: number }) =>
    api.post(`/api/workflows/${id}/publish`, { version }, { ifMatch: revision }),
  );
}

/** The newest version runs again, whichever it is. */
export function useUnpublish(id: string) {
  return useWrite(({ revision }: { revision: number }) =>
    api.post(`/api/workflows/${id}/unpublish`, undefined, { ifMatch: revision }),
  );
}

export function useDeleteWorkflow() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/workflows/${id}`),
    onSuccess: (_, id) => {
      client.removeQueries({ queryKey: workflowKeys.one(id) });
      return client.invalidateQueries({ queryKey: workflowKeys.all });
    },
  });
}

/** What is said of a workflow shows in the library too. */
function useOpinion<T>(say: (values: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: say,
    onSuccess: () => client.invalidateQueries({ queryKey: workflowKeys.all }),
  });
}

export function useTag(id: string) {
  return useOpinion((tags: string[]) => api.post(`/api/workflows/${id}/tags`, { tags }));
}

export function useUntag(id: string) {
  return useOpinion((tag: string) => api.delete(`/api/workflows/${id}/tags/${tag}`));
}

export function useRate(id: string) {
  return useOpinion((body: BodyOf<'post', `/api/workflows/${string}/rate`>) =>
    api.post(`/api/workflows/${id}/rate`, body),
  );
}

/** Starts a run; a second press while the first is on its way is the same run. */
export function useExecute(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { inputs: Values; version?: number | undefined; test: boolean }) =>
      api.post(`/api/workflows/${id}/execute`, body, { idempotencyKey: newId() }),
    onSuccess: () => client.invalidateQueries({ queryKey: workflowKeys.executions(id) }),
  });
}

/** Goes on from what an ended run found, as a run of its own. */
export function useResume(id: string, runId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: BodyOf<'post', `/api/workflows/executions/${string}/resume`>) =>
      api.post(`/api/workflows/executions/${runId}/resume`, body, { idempotencyKey: newId() }),
    onSuccess: () => client.invalidateQueries({ queryKey: workflowKeys.executions(id) }),
  });
}

/** Goes through an ended run once more on the server; nothing is called and nothing changes. */
export function useReplay(runId: string) {
  return useMutation({ mutationFn: () => api.post(`/api/workflows/executions/${runId}/replay`) });
}

export function stopRun(runId: string): Promise<unknown> {
  return api.post(`/api/execute/${runId}/cancel`);
}

/** Answers a question of a node. */
export function useDecide() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ id, decision, comment }: { id: string; decision: string; comment: string }) => {
      try {
        await api.post(`/api/tasks/${id}/decide`, { decision, comment: comment.trim() || null });
      } catch (error) {
        // Somebody was faster; then their answer is shown.
        if (!(error instanceof Problem && error.code === 'already_decided')) throw error;
      }
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['tasks'] }),
  });
}

/** Tells every workflow that waits for it that something happened, and what came of it. */
export function useTellWorkflows() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (event: { name: string; data: Values }) =>
      api.post('/api/workflows/events', event, { idempotencyKey: newId() }),
    onSuccess: ({ workflows }) =>
      Promise.all(
        workflows.map(({ workflow_id }) =>
          client.invalidateQueries({ queryKey: workflowKeys.executions(workflow_id) }),
        ),
      ),
  });
}

/** Tells a run that something happened which one of its nodes waits for. */
export function useTell(runId: string) {
  return useMutation({
    mutationFn: (event: { name: string; data: unknown }) =>
      api.post(`/api/workflows/executions/${runId}/events`, event),
  });
}
