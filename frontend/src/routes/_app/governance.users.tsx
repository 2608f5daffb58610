/** `/governance/users`. */
import { createFileRoute } from '@tanstack/react-router';
import { UsersPage } from '@/features/people';

export const Route = createFileRoute('/_app/governance/users')({ component: UsersPage });
