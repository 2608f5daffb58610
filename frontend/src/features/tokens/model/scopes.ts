/** What a machine's token can be given: the nouns and verbs of the routes that machines come by. */
import { covers } from '@/lib/permissions';

export interface Noun {
  noun: string;
  label: string;
  verbs: readonly string[];
}

export const nouns: readonly Noun[] = [
  { noun: 'agent', label: 'Agents', verbs: ['read', 'execute', 'update', 'delete'] },
  { noun: 'tool', label: 'Tools', verbs: ['read', 'invoke', 'update'] },
  { noun: 'connector', label: 'Servers', verbs: ['read', 'execute', 'update', 'delete'] },
  { noun: 'run', label: 'Runs', verbs: ['read', 'cancel'] },
  { noun: 'human_task', label: 'Approvals', verbs: ['read'] },
  { noun: 'environment', label: 'Environments', verbs: ['read', 'create', 'update', 'delete'] },
  { noun: 'organization', label: 'Organisation', verbs: ['read', 'update'] },
  { noun: 'membership', label: 'Members', verbs: ['read'] },
  { noun: 'agent_token', label: 'Agent tokens', verbs: ['read', 'revoke', 'delete'] },
  { noun: 'service_account', label: 'Service accounts', verbs: ['read', 'update'] },
];

/** What may be chosen: nobody hands out what they may not do, nor what the allowlist leaves out. */
export function offered(permissions: readonly string[], allowlist?: readonly string[]): Noun[] {
  return nouns
    .map((entry) => ({
      ...entry,
      verbs: entry.verbs.filter((verb) => {
        const action = `${entry.noun}.${verb}`;
        return covers(permissions, action) && (!allowlist || covers(allowlist, action));
      }),
    }))
    .filter((entry) => entry.verbs.length > 0);
}

/** Adds a scope, or takes it away; a pattern that covers it is split into what stays. */
export function toggled(scopes: readonly string[], scope: string): string[] {
  if (!covers(scopes, scope)) return [...scopes, scope];
  return scopes.flatMap((held) => {
    if (held === scope) return [];
    if (!covers([held], scope)) return [held];
    const noun = nouns.find((entry) => held === `${entry.noun}.*`);
    return (noun?.verbs ?? []).map((verb) => `${noun?.noun}.${verb}`).filter((word) => word !== scope);
  });
}

export type Lifetime = '1' | '7' | '30' | '90' | 'date';

/** When a token is to end, as the server reads it; a day means its end. */
export function expiry(lifetime: Lifetime, date: string, now = Date.now()): string | undefined {
  if (lifetime !== 'date') {
    // A minute less than the longest, so that the way to the server does not make it too long.
    return new Date(now + Number(lifetime) * 86_400_000 - 60_000).toISOString();
  }
  const end = new Date(`${date}T23:59:59`);
  return Number.isNaN(end.getTime()) ? undefined : end.toISOString();
}
