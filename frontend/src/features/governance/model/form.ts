/** A policy while it is written: JSON stays text until it is asked for, so that half-typed conditions survive. */
import type { BindingScope, Effect, Obligation, Policy, PolicyMode } from '@/api/types';
import { t } from '@/lib/i18n';
import type { PolicyChange } from '../queries';

export const EFFECTS: Effect[] = ['allow', 'approve', 'deny'];
export const SCOPES: BindingScope[] = ['org', 'env', 'agent', 'tool', 'role', 'user', 'resource_ns'];

/** The roles that every installation has, as rules write them. */
export const ROLES = [
  'organization:owner',
  'organization:admin',
  'organization:member',
  'organization:viewer',
  'platform:admin',
  'platform:power_user',
  'platform:standard_user',
  'platform:guest',
];

export interface RuleForm {
  key: string;
  id?: string | undefined;
  action: string;
  target: string;
  effect: Effect;
  /** A JSON object, or nothing. */
  conditions: string;
  /** JSON pointers, one a line. */
  masked: string;
  /** Which rows of results are kept; all of them where no field is named. */
  rows: { at: string; field: string; values: string; attribute: string };
  /** What the form has no fields for, such as a second filter of rows. */
  others: Obligation[];
  noBodies: boolean;
  /** What is done with instructions in results; nothing looks for them where empty. */
  injection: '' | 'flag' | 'withhold';
  /** What is done with secrets and personal data; nothing looks for them where empty. */
  output: '' | 'flag' | 'mask';
  outputKinds: '' | 'secret' | 'pii';
  /** Roles, separated by commas. */
  approvers: string;
}

export interface BindingForm {
  key: string;
  id?: string | undefined;
  scope: BindingScope;
  scopeId: string;
  priority: string;
}

export interface PolicyForm {
  name: string;
  description: string;
  environment: string;
  mode: PolicyMode;
  active: boolean;
  rules: RuleForm[];
  bindings: BindingForm[];
}

let keys = 0;
const key = () => `k${++keys}`;

export const emptyRule = (): RuleForm => ({
  key: key(),
  action: 'tool.invoke',
  target: '',
  effect: 'deny',
  conditions: '',
  masked: '',
  rows: { at: '', field: '', values: '', attribute: '' },
  others: [],
  noBodies: false,
  injection: '',
  output: '',
  outputKinds: '',
  approvers: '',
});

export const emptyBinding = (): BindingForm => ({ key: key(), scope: 'org', scopeId: '*', priority: '0' });

export const emptyForm = (): PolicyForm => ({
  name: '',
  description: '',
  environment: '',
  mode: 'enforced',
  active: true,
  rules: [emptyRule()],
  bindings: [emptyBinding()],
});

export function formOf(policy: Policy): PolicyForm {
  return {
    name: policy.name,
    description: policy.description ?? '',
    environment: policy.environment_id ?? '',
    mode: policy.mode,
    active: policy.is_active,
    rules: policy.rules.map((rule) => {
      const form: RuleForm = {
        ...emptyRule(),
        id: rule.id,
        action: rule.action,
        target: rule.target,
        effect: rule.effect,
        conditions: hasKeys(rule.conditions) ? JSON.stringify(rule.conditions, null, 2) : '',
      };
      for (const obligation of rule.obligations) {
        if (obligation.kind === 'mask_fields')
          form.masked = [form.masked, ...obligation.pointers].filter(Boolean).join('\n');
        else if (obligation.kind === 'filter_rows') {
          if (form.rows.field) form.others.push(obligation);
          else form.rows = rowsOf(obligation);
        } else if (obligation.kind === 'no_bodies') form.noBodies = true;
        else if (obligation.kind === 'guard_injection') form.injection = obligation.action;
        else if (obligation.kind === 'guard_output') {
          form.output = obligation.action;
          const [kind] = obligation.kinds ?? [];
          form.outputKinds = kind === 'secret' || kind === 'pii' ? kind : '';
        } else form.approvers = obligation.roles.join(', ');
      }
      return form;
    }),
    bindings: policy.bindings.map((binding) => ({
      key: key(),
      id: binding.id,
      scope: binding.scope_type,
      scopeId: binding.scope_id,
      priority: String(binding.priority),
    })),
  };
}

function rowsOf(filter: Extract<Obligation, { kind: 'filter_rows' }>): RuleForm['rows'] {
  return {
    at: filter.rows ?? '',
    field: filter.field,
    values: (filter.values ?? []).map(String).join('\n'),
    attribute: filter.attribute ?? '',
  };
}

function hasKeys(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

const words = (text: string, separator: RegExp) =>
  text
    .split(separator)
    .map((word) => word.trim())
    .filter(Boolean);

/** What is wrong with a rule's conditions as text. */
export function conditionsFault(text: string): string | undefined {
  if (!text.trim()) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return undefined;
  } catch {
    // Said below.
  }
  return t('Write a JSON object, such as { "read_only": false }.');
}

function filterOf(rows: RuleForm['rows']): Obligation {
  const [at, attribute] = [rows.at.trim(), rows.attribute.trim()];
  return {
    kind: 'filter_rows',
    field: rows.field.trim(),
    ...(at ? { rows: at } : {}),
    ...(rows.values.trim() ? { values: words(rows.values, /\n/) } : {}),
    ...(attribute ? { attribute } : {}),
  };
}

/** The form as the server takes it. Text that is no JSON throws; `conditionsFault` says it before. */
export function changeOf(form: PolicyForm): PolicyChange {
  return {
    name: form.name,
    description: form.description.trim() || null,
    environment_id: form.environment || null,
    mode: form.mode,
    is_active: form.active,
    rules: form.rules.map((rule) => ({
      ...(rule.id ? { id: rule.id } : {}),
      action: rule.action,
      target: rule.target,
      effect: rule.effect,
      conditions: rule.conditions.trim() ? (JSON.parse(rule.conditions) as Record<string, unknown>) : {},
      obligations: [
        ...(rule.masked.trim() ? [{ kind: 'mask_fields' as const, pointers: words(rule.masked, /\n/) }] : []),
        ...(rule.rows.field.trim() ? [filterOf(rule.rows)] : []),
        ...rule.others,
        ...(rule.noBodies ? [{ kind: 'no_bodies' as const }] : []),
        ...(rule.injection ? [{ kind: 'guard_injection' as const, action: rule.injection }] : []),
        ...(rule.output
          ? [
              {
                kind: 'guard_output' as const,
                kinds: rule.outputKinds ? [rule.outputKinds] : [],
                action: rule.output,
              },
            ]
          : []),
        ...(rule.approvers.trim()
          ? [{ kind: 'approve_by' as const, roles: words(rule.approvers, /[,\n]/) }]
          : []),
      ],
    })),
    bindings: form.bindings.map((binding) => ({
      ...(binding.id ? { id: binding.id } : {}),
      scope_type: binding.scope,
      scope_id: binding.scopeId,
      priority: Number.parseInt(binding.priority, 10) || 0,
    })),
  };
}

export function scopeName(scope: BindingScope): string {
  return {
    org: t('Organisation'),
    env: t('Environment'),
    agent: t('Agent'),
    tool: t('Tool'),
    role: t('Role'),
    user: t('Person'),
    resource_ns: t('Everything below'),
  }[scope];
}

export function effectName(effect: Effect): string {
  return { allow: t('Allow'), approve: t('Ask first'), deny: t('Deny') }[effect];
}

export const examples: { label: string; conditions: Record<string, unknown> }[] = [
  { label: 'An argument is at least', conditions: { arguments: { '/amount': { at_least: 10000 } } } },
  { label: 'An argument starts with', conditions: { arguments: { '/path': { starts_with: '/etc' } } } },
  { label: 'The tool changes something', conditions: { read_only: false } },
  { label: 'One of these roles', conditions: { roles: ['organization:member'] } },
  { label: 'None of these roles', conditions: { no_roles: ['organization:owner'] } },
  { label: 'Confidential data in the context', conditions: { context_at_least: 'confidential' } },
  {
    label: 'Data would go to a server with a lower label',
    conditions: { outbound: true, flows_down: true },
  },
  { label: 'In production', conditions: { environment_types: ['prod'] } },
  { label: 'From these networks', conditions: { addresses: ['10.0.0.0/8'] } },
  {
    label: 'In working hours',
    conditions: {
      hours: { from: '08:00', to: '18:00', days: ['mon', 'tue', 'wed', 'thu', 'fri'], utc_offset: '+01:00' },
    },
  },
];
