/** What differs between two snapshots of an agent, in the words of the form. */
import { t } from '@/lib/i18n';

/** One changed setting. */
export interface Change {
  field: string;
  name: string;
  before: string;
  after: string;
}

const names = (): Record<string, string> => ({
  name: t('Name'),
  description: t('Description'),
  system_prompt: t('Instructions'),
  model: t('Model'),
  temperature: t('Temperature'),
  max_tokens: t('Longest answer'),
  top_p: t('Top-p'),
  max_tool_rounds: t('Tool rounds'),
  tools: t('Tools'),
  connectors: t('Servers'),
  tags: t('Tags'),
  visibility: t('Visible to'),
  data_classification: t('Classification'),
  execution_config: t('Execution'),
  is_active: t('Active'),
});

/** Fields that move with every save and say nothing. */
const NOISE = new Set(['id', 'updated_at', 'created_at', 'current_version', 'version', 'slug']);

function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The changed settings, known ones first in the order of the form. */
export function changedFields(before: Record<string, unknown>, after: Record<string, unknown>): Change[] {
  const known = names();
  const fields = [...new Set([...Object.keys(known), ...Object.keys(before), ...Object.keys(after)])];
  return fields
    .filter((field) => !NOISE.has(field) && text(before[field]) !== text(after[field]))
    .map((field) => ({
      field,
      name: known[field] ?? field.replaceAll('_', ' '),
      before: text(before[field]),
      after: text(after[field]),
    }));
}
