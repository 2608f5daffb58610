/** `/governance/budgets`. */
import { createFileRoute } from '@tanstack/react-router';
import { BudgetsPage } from '@/features/costs';

export const Route = createFileRoute('/_app/governance/budgets')({ component: BudgetsPage });
