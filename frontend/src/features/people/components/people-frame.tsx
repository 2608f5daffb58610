/** The head of the pages about people: what it is, and the way between the pages of governing. */
import type { ReactNode } from 'react';
import { GovernanceNav } from '@/components/layout/governance-nav';
import { PageHeader } from '@/components/layout/page-header';

export function PeopleFrame({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  lead: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="page w-full">
      <PageHeader title={title} lead={lead} actions={actions} />
      <GovernanceNav />
      {children}
    </div>
  );
}
