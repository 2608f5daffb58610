/** The menu of narrow screens, over the page. */
import { Dialog } from '@base-ui/react/dialog';
import { t } from '@/lib/i18n';
import { Sidebar } from './sidebar';

export default function Drawer({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim md:hidden" />
        <Dialog.Popup className="data-[ending-style]:-translate-x-full data-[starting-style]:-translate-x-full fixed inset-y-0 left-0 z-41 w-[min(304px,86vw)] border-border border-r shadow-3 outline-none transition-transform duration-300 md:hidden">
          <Dialog.Title className="sr-only">{t('Menu')}</Dialog.Title>
          <Sidebar drawer />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
