/** Words for what a workflow is, and the name that one gets. */
import type { WorkflowFormat, WorkflowSummary } from '@/api/types';
import { t } from '@/lib/i18n';

export const VISIBILITIES = ['private', 'team', 'organization', 'public'] as const;
export const CLASSIFICATIONS = ['public', 'internal', 'confidential', 'restricted'] as const;

export const CONCURRENCIES = ['allow', 'skip', 'cancel_previous', 'queue'] as const;

export function formatName(format: WorkflowFormat): string {
  switch (format) {
    case 'conductor':
      return t('Conductor document');
    case 'hybrid':
      return t('Hybrid steps');
    case 'canvas':
      return t('Canvas document');
    default:
      return t('Made here');
  }
}

export function visibilityName(value: string): string {
  switch (value) {
    case 'private':
      return t('Only me');
    case 'team':
      return t('My team');
    case 'organization':
      return t('My organisation');
    default:
      return t('Everyone here');
  }
}

export function classificationName(value: string): string {
  return t(value.charAt(0).toUpperCase() + value.slice(1));
}

/** What starting a workflow does where a run of it is open. */
export function concurrencyName(value: (typeof CONCURRENCIES)[number]): string {
  switch (value) {
    case 'allow':
      return t('Both go on');
    case 'skip':
      return t('It does not start');
    case 'cancel_previous':
      return t('The earlier one is stopped');
    case 'queue':
      return t('It waits for the earlier one');
  }
}

/** Its title, else its name. */
export function workflowTitle(workflow: Pick<WorkflowSummary, 'title' | 'name'>): string {
  return workflow.title || workflow.name;
}

/** `Invoice exception handling` as `invoice-exception-handling`. */
export function slugOf(title: string): string {
  return title
    .replace(/ß/g, 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64)
    .replace(/-+$/, '');
}
