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

/** What a group is called; its own word where the server has one that the page does not know. */
function groupName(category: string): string {
  switch (category) {
    case 'research':
      return t('Research');
    case 'development':
      return t('Development');
    case 'commerce':
      return t('Commerce');
    case 'operations':
      return t('Operations');
    case 'sales':
      return t('Sales');
    case 'support':
      return t('Support');
    case 'marketing':
      return t('Marketing');
    case 'hr':
      return t('Human resources');
    case 'finance':
      return t('Finance');
    default:
      return category;
  }
}

/** The templates by group, in the order in which the server tells them. */
export function grouped(
  templates: WorkflowTemplate[],
): { category: string; name: string; templates: WorkflowTemplate[] }[] {
  const groups = new Map<string, WorkflowTemplate[]>();
  for (const template of templates) {
    const group = groups.get(template.category);
    if (group) group.push(template);
    else groups.set(template.category, [template]);
  }
  return [...groups].map(([category, members]) => ({
    category,
    name: groupName(category),
    templates: members,
  }));
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
