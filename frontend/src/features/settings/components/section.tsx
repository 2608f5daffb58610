/** One block of a settings page: its heading at the left, its fields at the right. */
import type { ReactNode } from 'react';

export function Section({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <section className="grid gap-4 border-border border-b py-6 first:pt-2 last:border-b-0 md:grid-cols-[220px_minmax(0,1fr)] md:gap-8">
      <div>
        <h2 className="h text-[0.9375rem]">{title}</h2>
        {lead && <p className="mt-1.5 text-sm text-text-3">{lead}</p>}
      </div>
      <div className="grid min-w-0 content-start gap-4">{children}</div>
    </section>
  );
}
