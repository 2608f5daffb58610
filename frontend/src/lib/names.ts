/** What the server's codes are called: statuses, kinds, decisions, roles. One word for one thing everywhere. */
import { t } from './i18n';

const statuses: Record<string, string> = {
  succeeded: 'Done',
  failed: 'Failed',
  timed_out: 'Timed out',
  denied: 'Denied',
  cancelled: 'Stopped',
  interrupted: 'Interrupted',
  waiting: 'Waiting',
  running: 'Running',
};

export function runStatusName(status: string): string {
  return t(statuses[status] ?? 'Queued');
}

const runs: Record<string, string> = {
  chat: 'Chat',
  agent: 'Agent',
  tool: 'Tool call',
  workflow: 'Workflow',
};

/** `Chat`, `Tool call`; a kind that is new here is at least written as words. */
export function runKindName(kind: string): string {
  return t(runs[kind] ?? words(kind));
}

const decisions: Record<string, string> = {
  allow_once: 'Allowed once',
  allow_in_conversation: 'Allowed for this chat',
  allow_always: 'Always allowed',
  deny: 'Denied',
};

export function decisionName(decision: string): string {
  return t(decisions[decision] ?? decision);
}

/** Roles as rules write them: `organization:admin`, `platform:guest`. */
export function roleTitle(role: string): string {
  const [set = '', name = ''] = role.split(':');
  if (!name) return t(role);
  return set === 'platform' ? t('{{role}} on the platform', { role: t(name) }) : t(name);
}

/** `access_request` as people write it. */
export function words(code: string): string {
  const plain = code.replace(/[_-]+/g, ' ');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
