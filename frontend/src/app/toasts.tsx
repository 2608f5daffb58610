/** The place of toasts. Loaded once the page stands. */
import { lazy, Suspense, useEffect, useState } from 'react';
import { toasterReady } from '@/lib/toast';

const Toaster = lazy(async () => ({ default: (await import('sonner')).Toaster }));

function Ready() {
  useEffect(toasterReady, []);
  return null;
}

export function Toasts() {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIdle(true), 800);
    return () => clearTimeout(timer);
  }, []);
  if (!idle) return null;
  return (
    <Suspense fallback={null}>
      <Toaster
        position="bottom-right"
        toastOptions={{
          actionButtonStyle: {
            background: 'var(--surface)',
            color: 'var(--text)',
            borderRadius: 'var(--r-sm)',
            font: '500 var(--fs-sm)/1 var(--sans)',
            height: 28,
            padding: '0 10px',
          },
          style: {
            background: 'var(--raised)',
            color: 'var(--text)',
            border: '1px solid var(--border)',
            borderRadius: 'var(--r-md)',
            boxShadow: 'var(--shadow-3)',
            font: '400 var(--fs-ui)/var(--lh-ui) var(--sans)',
          },
        }}
      />
      <Ready />
    </Suspense>
  );
}
