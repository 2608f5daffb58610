/** `/governance/audit`: the log, its filters in the address. */
import { createFileRoute } from '@tanstack/react-router';
import { AuditLogPage, readSearch } from '@/features/audit';

export const Route = createFileRoute('/_app/governance/audit/')({
  validateSearch: readSearch,
  component: Audit,
});

function Audit() {
  return <AuditLogPage search={Route.useSearch()} />;
}
