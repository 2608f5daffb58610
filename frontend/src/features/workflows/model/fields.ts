/** The settings of each kind as fields of a form. */
import { t } from '@/lib/i18n';
import type { Values } from './graph';
import type { Kind } from './kinds';

interface Common {
  key: string;
  label: string;
  hint?: string;
}

export type Field = Common &
  (
    | { type: 'text'; placeholder?: string; names?: 'servers' | 'tools' | 'workflows' }
    /** A text with values of other steps in braces. */
    | { type: 'template'; rows?: number; placeholder?: string }
    /** One expression, without braces. */
    | { type: 'expression'; placeholder?: string }
    | { type: 'code' }
    | { type: 'number'; min: number; max?: number; step?: number }
    /** Milliseconds, written as seconds. */
    | { type: 'span' }
    | { type: 'choice'; options: readonly (readonly [string, string])[] }
    /** Texts, one in a line. */
    | {
        type: 'list';
        placeholder?: string /** What an empty list means, where that is another thing than none. */;
        nothing?: string;
      }
    /** How people are told of a question. */
    | { type: 'channels' }
    | { type: 'switch' }
    | { type: 'json'; placeholder?: string }
    | { type: 'rows' }
    | { type: 'model' }
    | { type: 'cases' }
  );

/** What an action of a database is given, beside where it is done. */
function databaseFields(config: Values): Field[] {
  const mongo = config.db_type === 'mongodb';
  const action = String(config.action ?? '');
  const all: Record<string, Field> = {
    query: mongo
      ? { type: 'json', key: 'query', label: t('Query') }
      : {
          type: 'template',
          key: 'query',
          label: t('Query'),
          rows: 3,
          hint: t('Values are bound: they never become part of the statement.'),
        },
    params: {
      type: 'json',
      key: 'params',
      label: t('Values of its placeholders'),
      placeholder: '[]',
      hint: t('One for each ?, in their order.'),
    },
    collection: { type: 'text', key: 'collection', label: t('Table or collection') },
    data: { type: 'json', key: 'data', label: t('What is written') },
    where: { type: 'template', key: 'where', label: t('Which rows'), rows: 1, placeholder: 'id = ?' },
  };
  const shown: Record<string, string[]> = mongo
    ? {
        insert: ['collection', 'data'],
        update: ['collection', 'query', 'data'],
        delete: ['collection', 'query'],
      }
    : {
        query: ['query', 'params'],
        select: ['query', 'params'],
        insert: ['collection', 'data'],
        update: ['collection', 'data', 'where', 'params'],
        delete: ['collection', 'where', 'params'],
      };
  const keys = shown[action] ?? (mongo ? ['collection', 'query'] : Object.keys(all));
  // What is there already is shown as well: nothing of a document is hidden.
  const held = Object.keys(all).filter((key) => config[key] !== undefined && !keys.includes(key));
  return [...keys, ...held].flatMap((key) => all[key] ?? []);
}

const plain = (...words: string[]): [string, string][] => words.map((word) => [word, word]);

export function fieldsOf(kind: string, config: Values = {}): Field[] {
  switch (kind as Kind) {
    case 'agent':
      return [
        {
          type: 'template',
          key: 'prompt',
          label: t('Prompt'),
          rows: 4,
          hint: t('Without one it is given its inputs.'),
        },
        { type: 'model', key: 'model', label: t('Model') },
        { type: 'number', key: 'temperature', label: t('Temperature'), min: 0, max: 2, step: 0.1 },
        {
          type: 'list',
          key: 'tools',
          label: t('Tools it may use'),
          hint: t('Of the agent’s own, one in a line; all of them without any.'),
          nothing: t('No tools at all'),
        },
        { type: 'number', key: 'max_rounds', label: t('Tool rounds at most'), min: 0, max: 100 },
        {
          type: 'list',
          key: 'output_fields',
          label: t('Fields of the answer'),
          hint: t('One in a line, beside those that later nodes read.'),
        },
      ];
    case 'tool':
      return [
        {
          type: 'choice',
          key: 'connector_kind',
          label: t('Kind of connector'),
          options: [
            ['mcp', t('MCP server')],
            ['api', 'API'],
          ],
        },
        { type: 'text', key: 'connector', label: t('Server'), names: 'servers' },
        {
          type: 'text',
          key: 'tool',
          label: t('Tool'),
          names: 'tools',
          hint: t('Of an API, the operation.'),
        },
        {
          type: 'json',
          key: 'server',
          label: t('A server described on the spot'),
          hint: t(
            'Reached over HTTP for this node alone. Its sign-in names a secret, never the secret itself.',
          ),
          placeholder: '{ "url": "https://…", "auth": { "type": "bearer", "token": "{{env.CRM_TOKEN}}" } }',
        },
      ];
    case 'http':
      return [
        {
          type: 'choice',
          key: 'method',
          label: t('Method'),
          options: plain('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
        },
        {
          type: 'template',
          key: 'url',
          label: t('Address'),
          rows: 1,
          placeholder: 'https://api.example.com',
        },
        { type: 'template', key: 'endpoint', label: t('Endpoint'), rows: 1, placeholder: '/v1/orders' },
        { type: 'rows', key: 'headers', label: t('Headers') },
        { type: 'rows', key: 'query', label: t('Query') },
        { type: 'json', key: 'body', label: t('Body') },
        {
          type: 'json',
          key: 'auth',
          label: t('Sign-in'),
          hint: t('The name of a credential of the server, never the credential itself.'),
          placeholder: '{ "type": "bearer", "token": "{{env.CRM_TOKEN}}" }',
        },
        {
          type: 'switch',
          key: 'idempotent',
          label: t('Takes Idempotency-Key'),
          hint: t('A request whose answer is lost is sent again with the same key. Otherwise you are asked.'),
        },
      ];
    case 'database':
      return [
        {
          type: 'text',
          key: 'data_source',
          label: t('Data source'),
          placeholder: 'primary',
          hint: t('As the operator of this server named it: primary is the account PRIMARY_POSTGRESQL.'),
        },
        {
          type: 'choice',
          key: 'db_type',
          label: t('Database'),
          options: [
            ['postgresql', 'PostgreSQL'],
            ['mysql', 'MySQL'],
            ['mongodb', 'MongoDB'],
          ],
        },
        {
          type: 'choice',
          key: 'action',
          label: t('Action'),
          options:
            config.db_type === 'mongodb'
              ? plain('find', 'insert', 'update', 'delete', 'aggregate', 'count')
              : plain('select', 'insert', 'update', 'delete', 'query'),
        },
        ...databaseFields(config),
      ];
    case 'integration':
      return [
        { type: 'text', key: 'provider', label: t('Provider'), placeholder: 'slack' },
        {
          type: 'text',
          key: 'operation',
          label: t('Operation'),
          placeholder: 'messages.send',
          hint: t(
            'slack: messages.send, messages.update; shopify: orders.get, orders.update; google_sheets: values.get, values.append, values.update, values.clear; email: send. Its fields are the inputs.',
          ),
        },
        {
          type: 'text',
          key: 'credentials',
          label: t('Account'),
          placeholder: 'TECHSTART_SHOPIFY',
          hint: t('As the operator of this server named it; the provider’s own without one.'),
        },
      ];
    case 'code':
      return [
        {
          type: 'choice',
          key: 'language',
          label: t('Language'),
          options: [
            ['python', 'Python'],
            ['javascript', 'JavaScript'],
          ],
        },
        { type: 'code', key: 'code', label: t('Program'), hint: t('Its inputs are its globals.') },
        { type: 'list', key: 'packages', label: t('Packages'), hint: t('One in a line.') },
      ];
    case 'condition':
      return [{ type: 'cases', key: 'cases', label: t('Cases') }];
    case 'parallel':
      return [{ type: 'number', key: 'max_concurrency', label: t('Ways at a time, at most'), min: 1 }];
    case 'join':
      return [
        {
          type: 'choice',
          key: 'mode',
          label: t('Waits'),
          options: [
            ['all', t('for all that are still alive')],
            ['any', t('for the first')],
          ],
        },
      ];
    case 'map':
      return [
        { type: 'expression', key: 'over', label: t('List'), placeholder: 'inputs.orders' },
        { type: 'text', key: 'item', label: t('Name of the item'), placeholder: 'item' },
        { type: 'number', key: 'max_concurrency', label: t('Items at a time, at most'), min: 1 },
      ];
    case 'loop':
      return [
        {
          type: 'expression',
          key: 'until',
          label: t('Until'),
          placeholder: 'steps.check.output.score >= 0.9',
        },
        { type: 'number', key: 'max_iterations', label: t('Rounds at most'), min: 1 },
      ];
    case 'subworkflow':
      return [
        { type: 'text', key: 'workflow', label: t('Workflow'), names: 'workflows' },
        { type: 'number', key: 'version', label: t('Version'), min: 1, hint: t('The newest without one.') },
      ];
    case 'review':
      return [
        { type: 'template', key: 'prompt', label: t('What it looks at'), rows: 3 },
        {
          type: 'number',
          key: 'min_confidence',
          label: t('How sure it has to be, from 0 to 1'),
          min: 0,
          max: 1,
          step: 0.05,
        },
        { type: 'number', key: 'max_rounds', label: t('Rounds at most'), min: 1 },
      ];
    case 'human':
      return [
        { type: 'template', key: 'title', label: t('Question shown'), rows: 1 },
        { type: 'template', key: 'message', label: t('What is to be looked at'), rows: 3 },
        {
          type: 'choice',
          key: 'priority',
          label: t('Priority'),
          options: [
            ['low', t('Low')],
            ['normal', t('Normal')],
            ['high', t('High')],
            ['urgent', t('Urgent')],
          ],
        },
        { type: 'list', key: 'decisions', label: t('Decisions'), placeholder: 'approve\nreject' },
        {
          type: 'list',
          key: 'assignees',
          label: t('Who may decide'),
          placeholder: 'role:finance',
          hint: t('People, roles and teams, one in a line.'),
        },
        { type: 'channels', key: 'channels', label: t('How they are told') },
        { type: 'switch', key: 'comment_required', label: t('A decision needs a comment') },
        { type: 'span', key: 'due_ms', label: t('Time to decide, in seconds') },
        { type: 'list', key: 'escalate_to', label: t('Who decides after that'), placeholder: 'role:admin' },
      ];
    case 'end':
      return [
        {
          type: 'list',
          key: 'outputs',
          label: t('Outputs collected here'),
          hint: t('All of them without a choice.'),
        },
      ];
    case 'wait':
      return [
        { type: 'span', key: 'duration_ms', label: t('For so many seconds') },
        { type: 'template', key: 'until', label: t('Until'), rows: 1, placeholder: '2026-12-24T18:00:00Z' },
        { type: 'text', key: 'event', label: t('For an event'), placeholder: 'payment.settled' },
      ];
    default:
      return [];
  }
}

/** Whether a kind is given inputs, and what they are called there. */
export function inputsLabel(kind: string): string | undefined {
  switch (kind as Kind) {
    case 'start':
    case 'end':
    case 'parallel':
    case 'join':
    case 'condition':
    case 'wait':
      return undefined;
    case 'tool':
      return t('Arguments');
    case 'transform':
      return t('Values');
    default:
      return t('Inputs');
  }
}
