/** The drawings, loaded when they are looked at: what a route needs at once is listed in the first load. */
import { lazy, Suspense } from 'react';

const Page = lazy(() => import('./drawings-page'));

export function DrawingsPage({ canvasId }: { canvasId: string | undefined }) {
  return (
    <Suspense>
      <Page canvasId={canvasId} />
    </Suspense>
  );
}
