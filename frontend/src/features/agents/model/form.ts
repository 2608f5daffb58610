/** An agent as a form: what a person types, what the server gets, and what would be refused. */
import type { BodyOf } from '@/api/client';
import type { Agent } from '@/api/types';
import { t } from '@/lib/i18n';

/** One connected server; `allowed` of null means every tool it has, also later ones. */
export interface ServerChoice {
  server_id: string;
  name: string;
  allowed: string[] | null;
}

/** The fields, numbers still as they were typed. */
export interface AgentForm {
  name: string;
  description: string;
  tags: string[];
  model: string;
  system_prompt: string;
  temperature: number;
  max_tokens: string;
  top_p: string;
  max_tool_rounds: string;
  timeout_s: string;
  max_retries: string;
  retry_delay_s: string;
  visibility: Agent['visibility'];
  data_classification: Agent['data_classification'];
  required_permissions: string[];
  tools: string[];
  servers: ServerChoice[];
  is_active: boolean;
}

export type FormErrors = Partial<Record<keyof AgentForm, string>>;

export const VISIBILITIES = ['private', 'team', 'organization', 'public'] as const;
export const CLASSIFICATIONS = ['public', 'internal', 'confidential', 'restricted'] as const;

/** A new agent, with settings that suit most. */
export function emptyForm(): AgentForm {
  return {
    name: '',
    description: '',
    tags: [],
    model: '',
    system_prompt: '',
    temperature: 0.7,
    max_tokens: '4096',
    top_p: '',
    max_tool_rounds: '8',
    timeout_s: '30',
    max_retries: '3',
    retry_delay_s: '1',
    visibility: 'private',
    data_classification: 'internal',
    required_permissions: [],
    tools: [],
    servers: [],
    is_active: true,
  };
}

/** The form of an agent that exists. */
export function formOf(agent: Agent): AgentForm {
  const { execution_config: execution } = agent;
  return {
    name: agent.name,
    description: agent.description,
    tags: agent.tags,
    model: agent.model,
    system_prompt: agent.system_prompt,
    temperature: agent.temperature,
    max_tokens: String(agent.max_tokens),
    top_p: agent.top_p === null || agent.top_p === undefined ? '' : String(agent.top_p),
    max_tool_rounds: String(agent.max_tool_rounds),
    timeout_s: String((execution?.timeout_ms ?? 30_000) / 1000),
    max_retries: String(execution?.max_retries ?? 3),
    retry_delay_s: String((execution?.retry_delay_ms ?? 1000) / 1000),
    visibility: agent.visibility,
    data_classification: agent.data_classification,
    required_permissions: agent.required_permissions,
    tools: agent.tools,
    servers: agent.mcp_servers.map(({ server_id, name, allowed_tools }) => ({
      server_id,
      name,
      allowed: allowed_tools,
    })),
    is_active: agent.is_active,
  };
}

function numberError(text: string, low: number, high: number, whole = true): string | undefined {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) return t('Enter a number.');
  if (whole && !Number.isInteger(value)) return t('Enter a whole number.');
  if (value < low || value > high) return t('Between {{low}} and {{high}}.', { low, high });
  return undefined;
}

/** What has to be put right before the server is asked. */
export function checkForm(form: AgentForm): FormErrors {
  const errors: FormErrors = {};
  const note = (field: keyof AgentForm, error: string | undefined) => {
    if (error) errors[field] = error;
  };
  if (form.name.trim() === '') note('name', t('An agent needs a name.'));
  else if (form.name.trim().length > 100)
    note('name', t('Keep the name under {{number}} characters.', { number: 100 }));
  note('max_tokens', numberError(form.max_tokens, 1, 1_000_000));
  if (form.top_p.trim() !== '') note('top_p', numberError(form.top_p, 0, 1, false));
  note('max_tool_rounds', numberError(form.max_tool_rounds, 0, 100));
  note('timeout_s', numberError(form.timeout_s, 1, 3600, false));
  note('max_retries', numberError(form.max_retries, 0, 10));
  note('retry_delay_s', numberError(form.retry_delay_s, 0, 300, false));
  return errors;
}

/** The request body. */
export function bodyOf(form: AgentForm): BodyOf<'post', '/api/agents'> {
  return {
    name: form.name.trim(),
    description: form.description.trim(),
    tags: form.tags,
    // No choice means the server's default model.
    model: form.model || null,
    system_prompt: form.system_prompt,
    temperature: form.temperature,
    max_tokens: Number(form.max_tokens),
    top_p: form.top_p.trim() === '' ? null : Number(form.top_p),
    max_tool_rounds: Number(form.max_tool_rounds),
    execution_config: {
      timeout_ms: Math.round(Number(form.timeout_s) * 1000),
      max_retries: Number(form.max_retries),
      retry_delay_ms: Math.round(Number(form.retry_delay_s) * 1000),
    },
    visibility: form.visibility,
    data_classification: form.data_classification,
    required_permissions: form.required_permissions,
    tools: form.tools,
    mcp_servers: form.servers.map(({ server_id, allowed }) => ({ server_id, allowed_tools: allowed })),
    is_active: form.is_active,
  };
}

/** Ticks one tool of a server: the first tick off turns "all" into a list. */
export function toggleTool(choice: ServerChoice, tool: string, all: string[]): ServerChoice {
  const allowed = choice.allowed ?? all;
  const next = allowed.includes(tool) ? allowed.filter((name) => name !== tool) : [...allowed, tool];
  return { ...choice, allowed: next };
}
