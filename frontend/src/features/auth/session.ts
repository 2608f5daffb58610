/** Starting and ending a sign-in. */
import { api } from '@/api/client';
import { meQuery, queryClient } from '@/api/queries';
import type { Session } from '@/api/types';
import { adoptPreferences } from '@/lib/appearance';

async function begun(session: Session): Promise<Session> {
  queryClient.clear();
  adoptPreferences(session.user.preferences);
  await queryClient.fetchQuery(meQuery);
  return session;
}

export async function signIn(words: { email: string; password: string; otp?: string }): Promise<Session> {
  return begun(await api.post('/api/auth/login', words, { refresh: false }));
}

export async function setUp(words: {
  token: string;
  email: string;
  password: string;
  name: string;
  organization_name: string;
}): Promise<Session> {
  return begun(await api.post('/api/setup', words, { refresh: false }));
}

export async function acceptInvite(words: {
  token: string;
  password: string;
  name?: string;
}): Promise<Session> {
  return begun(await api.post('/api/auth/invite/accept', words, { refresh: false }));
}

export async function signOut(): Promise<void> {
  // Drafts are words of this person; the next one at this screen shall not read them.
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith('conductor.draft.') || key === 'conductor.new-chat') localStorage.removeItem(key);
  }
  const next = await api.post('/api/auth/logout', {}, { refresh: false }).catch(() => undefined);
  window.location.assign(next ? next.continue_at : '/sign-in');
}

/** Only a path of this page; anything else would let a link send people away after sign-in. */
export function safeReturn(path: string | undefined): string {
  if (!path?.startsWith('/') || path.startsWith('//') || path.startsWith('/\\')) return '/';
  return path.startsWith('/sign-in') || path.startsWith('/setup') ? '/' : path;
}
