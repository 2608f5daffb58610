/** The kinds of nodes: what each is called, how it is drawn, which ports it has and which settings. */
import { t } from '@/lib/i18n';
import type { GraphNode, Values } from './graph';

export const KINDS = [
  'start',
  'agent',
  'tool',
  'http',
  'database',
  'integration',
  'code',
  'transform',
  'condition',
  'parallel',
  'join',
  'map',
  'loop',
  'subworkflow',
  'review',
  'human',
  'wait',
  'end',
] as const;

export type Kind = (typeof KINDS)[number];

/** What a drawing has beside the kinds of workflows: nothing of it runs. */
export const DRAWN_KINDS = ['connection', 'note'] as const;

type AnyKind = Kind | (typeof DRAWN_KINDS)[number];

export interface KindInfo {
  name: string;
  /** What it does, in a sentence. */
  does: string;
  /** A colour of the look. */
  color: string;
}

/** Words and colour of a kind; one that is new here shows under its own word. */
export function kindInfo(kind: string): KindInfo {
  switch (kind as AnyKind) {
    case 'start':
      return { name: t('Start'), does: t('Where the workflow begins.'), color: 'var(--node-start)' };
    case 'end':
      return { name: t('End'), does: t('Where the workflow ends.'), color: 'var(--node-end)' };
    case 'agent':
      return { name: t('Agent'), does: t('An agent answers.'), color: 'var(--node-agent)' };
    case 'tool':
      return { name: t('Tool'), does: t('A tool of a server is called.'), color: 'var(--node-mcp)' };
    case 'http':
      return { name: t('HTTP request'), does: t('An address is requested.'), color: 'var(--node-api)' };
    case 'database':
      return { name: t('Database'), does: t('A data source is read or changed.'), color: 'var(--node-api)' };
    case 'integration':
      return {
        name: t('Integration'),
        does: t('An operation of a provider such as Slack, e-mail or Shopify.'),
        color: 'var(--node-mcp)',
      };
    case 'code':
      return { name: t('Code'), does: t('A program runs in the sandbox.'), color: 'var(--node-code)' };
    case 'transform':
      return {
        name: t('Transform'),
        does: t('Its output is its inputs, evaluated.'),
        color: 'var(--node-code)',
      };
    case 'condition':
      return {
        name: t('Condition'),
        does: t('The first case that holds is followed.'),
        color: 'var(--node-cond)',
      };
    case 'parallel':
      return {
        name: t('Parallel'),
        does: t('All ways out are followed at once, some at a time.'),
        color: 'var(--node-cond)',
      };
    case 'join':
      return { name: t('Join'), does: t('Waits for the ways that lead to it.'), color: 'var(--node-cond)' };
    case 'map':
      return {
        name: t('For each'),
        does: t('The body runs once for each item of a list.'),
        color: 'var(--node-cond)',
      };
    case 'loop':
      return {
        name: t('Loop'),
        does: t('The body runs until a condition holds.'),
        color: 'var(--node-cond)',
      };
    case 'subworkflow':
      return { name: t('Workflow'), does: t('Another workflow runs.'), color: 'var(--agent-purple)' };
    case 'review':
      return {
        name: t('Self-review'),
        does: t('A model looks at the work and says how sure it is of it.'),
        color: 'var(--node-review)',
      };
    case 'human':
      return { name: t('Human approval'), does: t('A person decides.'), color: 'var(--node-hitl)' };
    case 'wait':
      return { name: t('Wait'), does: t('Time passes, or an event arrives.'), color: 'var(--node-end)' };
    case 'connection':
      return { name: t('Connection'), does: t('A server that tools come from.'), color: 'var(--node-mcp)' };
    case 'note':
      return { name: t('Note'), does: t('Words beside the drawing.'), color: 'var(--node-end)' };
    default:
      return { name: kind, does: '', color: 'var(--node-end)' };
  }
}

/** The kinds in the order of the library. */
export function kindGroups(): { name: string; kinds: readonly Kind[] }[] {
  return [
    { name: t('Begin and end'), kinds: ['start', 'end'] },
    { name: t('Work'), kinds: ['agent', 'tool', 'http', 'database', 'integration', 'code', 'transform'] },
    { name: t('Ways'), kinds: ['condition', 'parallel', 'join', 'map', 'loop', 'subworkflow'] },
    { name: t('People and checks'), kinds: ['human', 'review', 'wait'] },
  ];
}

/** What a new node of a kind begins with. */
export function defaultsOf(kind: string): Values {
  switch (kind as Kind) {
    case 'tool':
      return { connector_kind: 'mcp' };
    case 'http':
      return { method: 'GET', url: '' };
    case 'database':
      return { data_source: '', db_type: 'postgresql', action: 'select' };
    case 'code':
      return { language: 'python', code: '' };
    case 'condition':
      return { cases: [{ expression: '', port: 'true' }, { port: 'false' }] };
    case 'join':
      return { mode: 'all' };
    case 'map':
      return { over: '' };
    case 'loop':
      return { max_iterations: 5 };
    case 'subworkflow':
      return { workflow: '' };
    case 'human':
      return { title: '', priority: 'normal', comment_required: false };
    case 'integration':
      return { provider: '', operation: '' };
    case 'wait':
      return { duration_ms: 60_000 };
    default:
      return {};
  }
}

export interface Case {
  expression?: string;
  port: string;
}

/** The cases of a condition, each with the port that it has when the document names none. */
export function casesOf(config: Values): Case[] {
  const cases = Array.isArray(config.cases) ? (config.cases as Partial<Case>[]) : [];
  return cases.map((one, index) => ({ ...one, port: one.port ?? `case:${index}` }));
}

export function decisionsOf(config: Values): string[] {
  const named = Array.isArray(config.decisions) ? config.decisions.map(String) : [];
  return named.length > 0 ? named : ['approve', 'reject'];
}

/** The ports by which edges may leave a node. */
export function portsOf(node: Pick<GraphNode, 'kind' | 'config' | 'on_error'>): string[] {
  const own = () => {
    switch (node.kind as Kind) {
      case 'end':
        return [];
      case 'condition':
        return casesOf(node.config).map(({ port }) => port);
      case 'map':
      case 'loop':
        return ['out', 'loop'];
      case 'review':
        return ['out', 'fail'];
      case 'human':
        return ['out', ...decisionsOf(node.config).map((decision) => `decision:${decision}`)];
      default:
        return ['out'];
    }
  };
  const ports = own();
  if (node.on_error === 'fallback') ports.push('error');
  return [...new Set(ports)];
}

/** What a port is called where it is drawn. */
export function portName(port: string): string {
  switch (port) {
    case 'out':
      return t('Next');
    case 'loop':
      return t('Each round');
    case 'fail':
      return t('Not sure enough');
    case 'error':
      return t('On failure');
    case 'true':
      return t('Yes');
    case 'false':
      return t('No');
    case 'else':
      return t('Otherwise');
    default:
      return port.startsWith('decision:') ? port.slice('decision:'.length) : port;
  }
}

/** A word about a node under its name: who does it, or what. */
export function summaryOf(node: GraphNode): string {
  const { config } = node;
  const text = (key: string): string => (typeof config[key] === 'string' ? (config[key] as string) : '');
  const said = () => {
    switch (node.kind as AnyKind) {
      case 'agent':
        return node.agent ?? '';
      case 'tool':
        return [text('connector'), text('tool')].filter(Boolean).join(' · ');
      case 'http':
        return [text('method'), text('url').replace(/^https?:\/\//, '')].filter(Boolean).join(' ');
      case 'database':
        return [text('data_source'), text('action')].filter(Boolean).join(' · ');
      case 'integration':
        return [text('provider'), text('operation')].filter(Boolean).join(' · ');
      case 'subworkflow':
        return text('workflow');
      case 'map':
        return text('over');
      case 'loop':
        return text('until');
      case 'human':
        return text('title');
      case 'code':
        return text('language');
      case 'connection':
        return text('connector');
      case 'note':
        return text('text');
      default:
        return '';
    }
  };
  const name = kindInfo(node.kind).name;
  const more = said();
  return more ? `${name} · ${more}` : name;
}
