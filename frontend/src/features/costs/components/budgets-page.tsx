/** How much may be spent, by whom and until when, and how each of it stands. */
import { useQuery } from '@tanstack/react-query';
import { Ellipsis, Pause, Pencil, Plus, Trash2, Wallet } from 'lucide-react';
import { useState } from 'react';
import { useNames } from '@/api/names';
import { describe } from '@/api/problem';
import type { Me } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { Menu, MenuItem } from '@/components/ui/menu';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { eachName, periodName, scopeName } from '../model/budget';
import { type Budget, budgetsQuery, useDeleteBudget } from '../queries';
import { BudgetDialog } from './budget-dialog';
import { BudgetMeter, BudgetState } from './budget-meter';
import { allowed, CostsFrame } from './costs-frame';

type Doing = { kind: 'create' } | { kind: 'change' | 'delete'; budget: Budget } | undefined;

export function BudgetsPage() {
  const [doing, setDoing] = useState<Doing>();
  return (
    <CostsFrame
      title={t('Budgets')}
      lead={t('How much may be spent on models and tools. A spent budget stops calls before they are made.')}
      needs="budget.read"
      actions={(me) =>
        allowed(me, 'budget.create') && (
          <Button variant="primary" onClick={() => setDoing({ kind: 'create' })}>
            <Plus size={16} />
            {t('New budget')}
          </Button>
        )
      }
    >
      {(me) => <Budgets me={me} doing={doing} setDoing={setDoing} />}
    </CostsFrame>
  );
}

function Budgets({ me, doing, setDoing }: { me: Me; doing: Doing; setDoing: (doing: Doing) => void }) {
  const { id } = me.organization;
  const { data, error, isPending, refetch } = useQuery(budgetsQuery(id));
  const remove = useDeleteBudget(id);
  const names = useNames(id);
  return (
    <>
      {isPending ? (
        <SkeletonRows rows={5} className="py-4" />
      ) : error ? (
        <div className="card border-dashed">
          <ErrorState
            title={t('The budgets could not be loaded')}
            error={error}
            onRetry={() => void refetch()}
          />
        </div>
      ) : data.items.length === 0 ? (
        <div className="card border-dashed">
          <EmptyState icon={<Wallet />} title={t('No budgets yet')}>
            {t(
              'A budget says how much the organisation, an environment, an agent, a person or a run may spend.',
            )}
          </EmptyState>
        </div>
      ) : (
        <ul className="card rows" aria-label={t('Budgets of this organisation')}>
          {data.items.map((budget) => (
            <li key={budget.id} className="grid gap-3 px-5 py-4">
              <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
                <div className="min-w-0 flex-1 basis-40">
                  <h2 className="h">{budget.name}</h2>
                  <p className="mt-0.5 text-sm text-text-3">
                    {whose(budget, names)} · {periodName(budget.period)}
                  </p>
                </div>
                <span className="flex items-center gap-3">
                  {budget.is_active ? (
                    <BudgetState budget={budget} />
                  ) : (
                    <Status icon={<Pause />}>{t('Off')}</Status>
                  )}
                  {allowed(me, 'budget.update') && (
                    <Menu
                      align="end"
                      trigger={
                        <IconButton label={t('Actions for {{name}}', { name: budget.name })}>
                          <Ellipsis size={18} />
                        </IconButton>
                      }
                    >
                      <MenuItem onSelect={() => setDoing({ kind: 'change', budget })}>
                        <Pencil size={16} />
                        {t('Change')}
                      </MenuItem>
                      <MenuItem danger onSelect={() => setDoing({ kind: 'delete', budget })}>
                        <Trash2 size={16} />
                        {t('Delete')}
                      </MenuItem>
                    </Menu>
                  )}
                </span>
              </div>
              <BudgetMeter name={budget.name} budget={budget} />
            </li>
          ))}
        </ul>
      )}
      {doing?.kind === 'create' && <BudgetDialog organization={id} onClose={() => setDoing(undefined)} />}
      {doing?.kind === 'change' && (
        <BudgetDialog organization={id} budget={doing.budget} onClose={() => setDoing(undefined)} />
      )}
      <ConfirmDialog
        open={doing?.kind === 'delete'}
        onClose={() => setDoing(undefined)}
        title={t('Delete this budget?')}
        description={t(
          'Calls are no longer held to it from the next one on. What was spent stays under Costs.',
        )}
        confirm={t('Delete')}
        onConfirm={() =>
          doing?.kind === 'delete'
            ? remove.mutateAsync(doing.budget.id).catch((problem) => void toast.error(describe(problem)))
            : undefined
        }
      />
    </>
  );
}

function whose(budget: Budget, names: Map<string, string>): string {
  if (budget.scope === 'organization' || budget.scope === 'run') return scopeName(budget.scope);
  if (!budget.target_id) return eachName(budget.scope);
  const name = names.get(budget.target_id) ?? t('Deleted ({{id}})', { id: budget.target_id.slice(0, 8) });
  if (budget.scope === 'agent') return t('The agent {{name}}', { name });
  return budget.scope === 'environment' ? t('The environment {{name}}', { name }) : name;
}
