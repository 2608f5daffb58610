/** The title of a full page, with its actions. */
import type { ReactNode } from 'react';

export function PageHeader({ title, lead, actions }: { title: string; lead?: string; actions?: ReactNode }) {
  return (
    <header className="flex flex-wrap items-end gap-4">
      <div className="min-w-0 flex-1 basis-80">
        <h1 className="display">{title}</h1>
        {lead && <p className="mt-2 text-body text-text-2 leading-normal">{lead}</p>}
      </div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </header>
  );
}
