/** Artifacts on the server: lists, versions, and the writes that make a new version. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type PathOf } from '@/api/client';
import type { Artifact, Page } from '@/api/types';

export const artifactKeys = {
  all: ['artifacts'] as const,
  ofConversation: (conversationId: string) => ['artifacts', 'conversation', conversationId] as const,
  one: (id: string) => ['artifacts', 'one', id] as const,
  versions: (conversationId: string, identifier: string) =>
    ['artifacts', 'versions', conversationId, identifier] as const,
  agent: (id: string) => ['artifacts', 'agent', id] as const,
};

type ArtifactPath = Extract<PathOf<'get'>, `${string}/artifacts` | `/api/artifacts/${string}/versions`>;

/** Every page of a list; artifacts of one conversation are few. */
async function everyPage(path: ArtifactPath, signal: AbortSignal): Promise<Artifact[]> {
  const items: Artifact[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Artifact> = await api.get(path, { query: { limit: 100, cursor }, signal });
    items.push(...page.items);
    cursor = page.next_cursor ?? null;
  } while (cursor);
  return items;
}

/** The newest version of each artifact of a conversation. */
export const conversationArtifacts = (conversationId: string) =>
  queryOptions({
    queryKey: artifactKeys.ofConversation(conversationId),
    queryFn: ({ signal }) => everyPage(`/api/conversations/${conversationId}/artifacts`, signal),
  });

/** One version by its id. */
export const artifactById = (id: string) =>
  queryOptions({
    queryKey: artifactKeys.one(id),
    queryFn: ({ signal }) => api.get(`/api/artifacts/${id}`, { signal }),
    // A version never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });

/** All versions, newest first. */
export const artifactVersions = (conversationId: string, identifier: string, anyId: string, latest: number) =>
  queryOptions({
    queryKey: [...artifactKeys.versions(conversationId, identifier), latest],
    queryFn: ({ signal }) => everyPage(`/api/artifacts/${anyId}/versions`, signal),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });

/** Who made it. */
export const artifactAgent = (id: string) =>
  queryOptions({
    queryKey: artifactKeys.agent(id),
    queryFn: ({ signal }) => api.get(`/api/artifacts/${id}/agent`, { signal }),
    staleTime: 300_000,
    retry: false,
  });

/** What a save may change. */
export interface NewVersion {
  /** The version it follows; a stale one is refused with 412. */
  latest: Artifact;
  content: string;
  title?: string;
}

/** Writes the next version. */
export function useSaveArtifact(conversationId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ latest, content, title }: NewVersion) =>
      api.put(
        `/api/artifacts/${latest.id}`,
        { content, ...(title === undefined ? {} : { title }) },
        { ifMatch: latest.version },
      ),
    onSuccess: (saved) => {
      client.setQueryData<Artifact[]>(artifactKeys.ofConversation(conversationId), (before) =>
        before?.map((artifact) => (artifact.identifier === saved.identifier ? saved : artifact)),
      );
      client.setQueryData(artifactKeys.one(saved.id), saved);
    },
    onSettled: () => client.invalidateQueries({ queryKey: artifactKeys.ofConversation(conversationId) }),
  });
}

/** Copies an artifact under a name of its own. */
export function useForkArtifact(conversationId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, title }: { id: string; title: string }) =>
      api.post(`/api/artifacts/${id}/fork`, { conversation_id: conversationId, title }),
    onSuccess: () => client.invalidateQueries({ queryKey: artifactKeys.ofConversation(conversationId) }),
  });
}

/** Removes an artifact with all its versions. */
export function useDeleteArtifact(conversationId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/artifacts/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: artifactKeys.ofConversation(conversationId) }),
  });
}
