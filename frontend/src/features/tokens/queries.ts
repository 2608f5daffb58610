/** Tokens of an agent or a service account on the server. */
import { queryOptions } from '@tanstack/react-query';
import { api, type BodyOf } from '@/api/client';

/** Whose tokens are meant. */
export interface TokenOwner {
  kind: 'agents' | 'service-accounts';
  organizationId: string;
  id: string;
}

export const tokensQuery = (owner: TokenOwner) =>
  queryOptions({
    queryKey: ['tokens', owner.kind, owner.id],
    queryFn: () =>
      owner.kind === 'agents'
        ? api.get(`/api/v1/orgs/${owner.organizationId}/agents/${owner.id}/tokens`, { query: { limit: 100 } })
        : api.get(`/api/v1/orgs/${owner.organizationId}/service-accounts/${owner.id}/tokens`, {
            query: { limit: 100 },
          }),
    // Another administrator may end one at any time.
    staleTime: 5_000,
  });

type TokenRequest = BodyOf<'post', `/api/v1/orgs/${string}/agents/${string}/tokens`>;

export const issueToken = (owner: TokenOwner, body: TokenRequest) =>
  owner.kind === 'agents'
    ? api.post(`/api/v1/orgs/${owner.organizationId}/agents/${owner.id}/tokens`, body)
    : api.post(`/api/v1/orgs/${owner.organizationId}/service-accounts/${owner.id}/tokens`, body);

export const revokeToken = (owner: TokenOwner, jti: string) =>
  owner.kind === 'agents'
    ? api.post(`/api/v1/orgs/${owner.organizationId}/agents/${owner.id}/tokens/${jti}/revoke`)
    : api.post(`/api/v1/orgs/${owner.organizationId}/service-accounts/${owner.id}/tokens/${jti}/revoke`);

export const deleteToken = (owner: TokenOwner, jti: string) =>
  owner.kind === 'agents'
    ? api.delete(`/api/v1/orgs/${owner.organizationId}/agents/${owner.id}/tokens/${jti}`)
    : api.delete(`/api/v1/orgs/${owner.organizationId}/service-accounts/${owner.id}/tokens/${jti}`);
