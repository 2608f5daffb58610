/** `/governance/costs`: what was spent, its filters in the address. */
import { createFileRoute } from '@tanstack/react-router';
import { CostsPage, readSearch } from '@/features/costs';

export const Route = createFileRoute('/_app/governance/costs')({
  validateSearch: readSearch,
  component: Costs,
});

function Costs() {
  return <CostsPage search={Route.useSearch()} />;
}
