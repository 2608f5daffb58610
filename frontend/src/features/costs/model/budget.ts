/** The words of budgets, and the form in which one is made or changed. */
import { t } from '@/lib/i18n';
import type { Budget, BudgetBody, BudgetChange } from '../queries';

export type Scope = Budget['scope'];
export type Period = Budget['period'];

export const scopes: Scope[] = ['organization', 'environment', 'agent', 'user', 'run'];
export const periods: Period[] = ['day', 'month', 'total'];

export function scopeName(scope: Scope): string {
  switch (scope) {
    case 'organization':
      return t('The whole organisation');
    case 'environment':
      return t('An environment');
    case 'agent':
      return t('An agent');
    case 'user':
      return t('A person');
    case 'run':
      return t('Each run');
  }
}

/** Whose spending, where it is each by itself. */
export function eachName(scope: Scope): string {
  if (scope === 'environment') return t('Each environment');
  if (scope === 'agent') return t('Each agent');
  return t('Each person');
}

export function periodName(period: Period): string {
  if (period === 'day') return t('per day');
  return period === 'month' ? t('per month') : t('in total');
}

export interface BudgetForm {
  name: string;
  scope: Scope;
  target_id: string;
  period: Period;
  limit: string;
  currency: string;
  warn_percent: string;
  hard_stop: boolean;
  is_active: boolean;
}

export const blank: BudgetForm = {
  name: '',
  scope: 'organization',
  target_id: '',
  period: 'month',
  limit: '',
  currency: 'USD',
  warn_percent: '80',
  hard_stop: true,
  is_active: true,
};

export function formOf(budget: Budget): BudgetForm {
  return {
    name: budget.name,
    scope: budget.scope,
    target_id: budget.target_id ?? '',
    period: budget.period,
    limit: budget.limit,
    currency: budget.currency,
    warn_percent: String(budget.warn_percent),
    hard_stop: budget.hard_stop,
    is_active: budget.is_active,
  };
}

export type Faults = Partial<Record<keyof BudgetForm, string>>;

/** Money as people type it: digits, and one point or comma. */
export function amount(typed: string): string | undefined {
  const text = typed.trim().replace(',', '.');
  return /^\d+(\.\d{1,9})?$/.test(text) ? text : undefined;
}

export function check(form: BudgetForm): Faults {
  const faults: Faults = {};
  if (!form.name.trim()) faults.name = t('Give it a name.');
  const limit = amount(form.limit);
  if (!limit || Number(limit) <= 0) faults.limit = t('An amount above 0, such as 100 or 12.50.');
  if (!/^[A-Z]{3}$/.test(form.currency)) faults.currency = t('Three capital letters, such as USD.');
  const percent = Number(form.warn_percent);
  if (!Number.isInteger(percent) || percent < 1 || percent > 100) faults.warn_percent = t('From 1 to 100.');
  return faults;
}

export function toBody(form: BudgetForm): BudgetBody {
  const ofOne = form.scope === 'organization' || form.scope === 'run';
  return {
    name: form.name.trim(),
    scope: form.scope,
    target_id: ofOne || !form.target_id ? null : form.target_id,
    period: form.scope === 'run' ? 'total' : form.period,
    limit: amount(form.limit) ?? '',
    currency: form.currency,
    warn_percent: Number(form.warn_percent),
    hard_stop: form.hard_stop,
    is_active: form.is_active,
  };
}

export function toChange(form: BudgetForm): BudgetChange {
  const { name, limit, warn_percent, hard_stop, is_active } = toBody(form);
  return { name, limit, warn_percent, hard_stop, is_active };
}
