/** A server as a form: transport, address or command, credentials, who may use it. An API has operations besides. */
import type { BodyOf } from '@/api/client';
import type { Connector } from '@/api/types';
import { t } from '@/lib/i18n';
import { type ApiForm, apiBody, apiForm, checkApi, checkSignIn, emptyApi } from './api-form';

/** One environment variable; `kept` ones were set before and are not shown. */
export interface Variable {
  id: number;
  name: string;
  value: string;
  kept: boolean;
}

export interface ConnectorForm {
  name: string;
  description: string;
  transport: Connector['transport'] | 'api';
  endpoint: string;
  command: string;
  /** One argument per line: spaces inside an argument stay what they are. */
  args: string;
  variables: Variable[];
  /** The names that are stored; while nothing of them changed, none is sent. */
  stored_names: string[];
  auth_type: Connector['auth_type'];
  header: string;
  /** The operations of an API, and what its sign-in needs beside the secret. */
  api: ApiForm;
  secret: string;
  /** A secret is stored already; an empty field leaves it. */
  has_secret: boolean;
  visibility: Connector['visibility'];
  data_classification: Connector['data_classification'];
  approval_required: boolean;
  enabled: boolean;
}

/** Who sees a server, in words. */
export function visibilityName(visibility: string): string {
  const names: Record<string, string> = {
    private: t('Only me'),
    team: t('My team'),
    organization: t('My organisation'),
    public: t('Everyone here'),
  };
  return names[visibility] ?? visibility;
}

export type ConnectorErrors = Partial<Record<keyof ConnectorForm, string>>;

export function emptyConnector(): ConnectorForm {
  return {
    name: '',
    description: '',
    transport: 'http',
    endpoint: '',
    command: '',
    args: '',
    variables: [],
    stored_names: [],
    auth_type: 'none',
    header: 'X-API-Key',
    api: emptyApi(),
    secret: '',
    has_secret: false,
    visibility: 'private',
    data_classification: 'internal',
    approval_required: false,
    enabled: true,
  };
}

export function connectorForm(connector: Connector): ConnectorForm {
  return {
    name: connector.name,
    description: connector.description,
    transport: connector.kind === 'api' ? 'api' : connector.transport,
    endpoint: connector.endpoint ?? '',
    command: connector.command ?? '',
    args: connector.args.join('\n'),
    variables: Object.keys(connector.env_vars).map((name, id) => ({ id, name, value: '', kept: true })),
    stored_names: Object.keys(connector.env_vars),
    auth_type: connector.auth_type,
    header: connector.auth_settings?.header ?? 'X-API-Key',
    api: apiForm(connector.api),
    secret: '',
    has_secret: connector.has_secret,
    visibility: connector.visibility,
    data_classification: connector.data_classification,
    approval_required: connector.approval_required,
    enabled: connector.enabled,
  };
}

/** What has to be put right before the server is asked. */
export function checkConnector(form: ConnectorForm): ConnectorErrors {
  const errors: ConnectorErrors = {};
  if (form.name.trim() === '') errors.name = t('Give the server a name.');
  else if (form.name.trim().length > 100)
    errors.name = t('Keep the name under {{number}} characters.', { number: 100 });
  if (form.transport === 'stdio') {
    if (form.command.trim() === '') errors.command = t('Which program is to be started?');
    else if (/\s/.test(form.command.trim()) && !form.command.includes('/')) {
      errors.command = t('Only the program here; its arguments go below, one per line.');
    }
    const names = form.variables.map((variable) => variable.name.trim()).filter(Boolean);
    if (names.some((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))) {
      errors.variables = t('A variable name has letters, digits and underscores only.');
    } else if (new Set(names).size < names.length) errors.variables = t('A variable is named twice.');
    else if (!untouched(form) && named(form).some(({ kept, value }) => kept && value === '')) {
      errors.variables = t('Give every value again: the stored ones cannot be read back.');
    }
  } else {
    try {
      const { protocol } = new URL(form.endpoint.trim());
      if (protocol !== 'http:' && protocol !== 'https:') throw new Error(protocol);
    } catch {
      errors.endpoint = t('Enter the full address, such as https://example.org/mcp.');
    }
    if (form.auth_type !== 'none' && form.secret === '' && !form.has_secret) {
      errors.secret = t('This way of signing in needs a secret.');
    }
    if (usesHeader(form) && !/^[A-Za-z0-9-]+$/.test(form.header.trim())) {
      errors.header = t('A header name has letters, digits and hyphens only.');
    }
    if (form.transport === 'api') {
      const operations = checkApi(form.api);
      if (operations) errors.api = operations;
      const signIn = checkSignIn(form.api, form.auth_type);
      if (signIn) errors.auth_type = signIn;
    }
  }
  return errors;
}

/** Whether the secret stands in a header of its own; an API may take its key in the query. */
export const usesHeader = (form: ConnectorForm): boolean =>
  form.auth_type === 'custom_header' ||
  (form.auth_type === 'api_key' && !(form.transport === 'api' && form.api.query.trim() !== ''));

const named = ({ variables }: ConnectorForm): Variable[] =>
  variables.filter(({ name }) => name.trim() !== '');

/** Stored values are never shown, so they are left alone as a whole or given anew as a whole. */
function untouched(form: ConnectorForm): boolean {
  const now = named(form);
  return (
    now.length === form.stored_names.length &&
    now.every(({ name, value, kept }) => kept && value === '' && form.stored_names.includes(name))
  );
}

/** The request body; a `change` also clears what belongs to the other transport. */
export function connectorBody(form: ConnectorForm, change = false): BodyOf<'post', '/api/mcp/servers'> {
  const shared = {
    name: form.name.trim(),
    description: form.description.trim(),
    transport: form.transport === 'api' ? ('http' as const) : form.transport,
    visibility: form.visibility,
    data_classification: form.data_classification,
    approval_required: form.approval_required,
    enabled: form.enabled,
  };
  if (form.transport === 'stdio') {
    return {
      ...shared,
      ...(change ? { endpoint: null, auth_type: 'none' } : {}),
      command: form.command.trim(),
      args: form.args
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
      ...(untouched(form)
        ? {}
        : { env_vars: Object.fromEntries(named(form).map(({ name, value }) => [name.trim(), value])) }),
    };
  }
  const header = usesHeader(form);
  return {
    ...shared,
    ...(form.transport === 'api' ? { api: apiBody(form.api, form.auth_type) } : {}),
    ...(change ? { command: null, args: [] } : {}),
    endpoint: form.endpoint.trim(),
    auth_type: form.auth_type,
    auth_settings: header ? { header: form.header.trim() } : {},
    ...(form.auth_type !== 'none' && form.secret !== '' ? { secret: form.secret } : {}),
  };
}

/** A program and its arguments as a shell would need them, for reading only: no shell ever sees them. */
export function commandLine(parts: string[]): string {
  return parts
    .map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
