/** The question before something is deleted, loaded when it is first asked: the first page does without dialogs. */
import { type ComponentProps, lazy, Suspense, useState } from 'react';
import type { ConfirmDialog as Loaded } from './dialog';

const Dialog = lazy(async () => ({ default: (await import('./dialog')).ConfirmDialog }));

export function ConfirmDialog(props: ComponentProps<typeof Loaded>) {
  const [asked, setAsked] = useState(false);
  if (props.open && !asked) setAsked(true);
  if (!asked) return null;
  return (
    <Suspense fallback={null}>
      <Dialog {...props} />
    </Suspense>
  );
}
