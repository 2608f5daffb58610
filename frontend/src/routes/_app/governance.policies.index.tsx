/** `/governance/policies`. */
import { createFileRoute } from '@tanstack/react-router';
import { PoliciesPage } from '@/features/governance';

export const Route = createFileRoute('/_app/governance/policies/')({ component: PoliciesPage });
