/** `/governance/audit/compliance`: who accessed what, its days in the address. */
import { createFileRoute } from '@tanstack/react-router';
import { CompliancePage, readReportSearch } from '@/features/audit';

export const Route = createFileRoute('/_app/governance/audit/compliance')({
  validateSearch: readReportSearch,
  component: Compliance,
});

function Compliance() {
  return <CompliancePage search={Route.useSearch()} />;
}
