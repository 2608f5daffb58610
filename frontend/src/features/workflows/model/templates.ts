/** Workflows that ship with the server: which of them are meant, and what has to be there for them. */
import type { WorkflowTemplate } from '@/api/types';
import { t } from '@/lib/i18n';

/** Those that have every one of the words. */
export function matching(templates: WorkflowTemplate[], words: string): WorkflowTemplate[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return templates.filter(({ id, title, description, category }) => {
    const text = `${id} ${title} ${description} ${category}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** What a template needs beside agents, and whether that is known to be missing. */
export function needsOf(template: Pick<WorkflowTemplate, 'servers' | 'credentials' | 'problems'>): {
  text: string;
  missing: boolean;
}[] {
  const unknown = template.problems.map(({ message }) => message);
  return [
    ...template.servers.map((name) => ({
      text: t('Needs the server {{name}}', { name }),
      missing: unknown.some((message) => message.includes(` ${name}`)),
    })),
    // Whether the server has a credential is nobody's to know but the operator's.
    ...template.credentials.map((name) => ({
      text: t('Needs the credential {{name}}', { name }),
      missing: false,
    })),
  ];
}
