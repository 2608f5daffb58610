/** `/governance/policies/new`. */
import { createFileRoute } from '@tanstack/react-router';
import { PolicyPage } from '@/features/governance';

export const Route = createFileRoute('/_app/governance/policies/new')({ component: () => <PolicyPage /> });
