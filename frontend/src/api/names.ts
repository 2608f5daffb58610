/** The names behind the ids that rules, budgets and the log hold: people, agents, places and machines. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { may } from '@/lib/may';
import { api } from './client';
import { agentOptionsQuery, membersQuery, meQuery } from './queries';

const staleTime = 5 * 60_000;

export const environmentOptions = (organization: string) =>
  queryOptions({
    queryKey: ['environments', organization],
    queryFn: ({ signal }) =>
      api.get(`/api/v1/orgs/${organization}/environments`, { query: { limit: 100 }, signal }),
    staleTime,
  });

export const serviceAccountOptions = (organization: string) =>
  queryOptions({
    queryKey: ['settings', 'service-accounts', organization],
    queryFn: ({ signal }) =>
      api.get(`/api/v1/orgs/${organization}/service-accounts`, { query: { limit: 100 }, signal }),
    staleTime,
  });

export const connectorOptions = queryOptions({
  queryKey: ['connectors', 'options'],
  queryFn: ({ signal }) => api.get('/api/mcp/servers', { query: { limit: 100 }, signal }),
  staleTime,
});

/** Names by id, as far as this person may see them. */
export function useNames(organization: string): Map<string, string> {
  const { data: me } = useQuery(meQuery);
  const agents = useQuery(agentOptionsQuery).data?.items ?? [];
  const connectors = useQuery(connectorOptions).data?.items ?? [];
  const people = useQuery(membersQuery(organization)).data?.items ?? [];
  const environments = useQuery(environmentOptions(organization)).data?.items ?? [];
  const machines = useQuery({
    ...serviceAccountOptions(organization),
    enabled: may(me, 'service_account.read'),
  });
  return new Map([
    ...[...agents, ...connectors, ...environments, ...(machines.data?.items ?? [])].map(
      ({ id, name }) => [id, name] as const,
    ),
    ...people.map((person) => [person.user_id, person.name || person.email] as const),
  ]);
}
