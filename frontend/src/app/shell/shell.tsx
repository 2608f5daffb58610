/** The frame around every signed-in page. */
import { Dialog } from '@base-ui/react/dialog';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';
import { lazy, Suspense, useEffect } from 'react';
import { IconButton } from '@/components/ui/button';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import { useShell } from '@/lib/shell';
import { useFeed } from '../use-feed';
import { Rail, Sidebar } from './sidebar';

const SearchDialog = lazy(async () => ({ default: (await import('@/features/search')).SearchDialog }));

function isChat(path: string): boolean {
  return path === '/' || path.startsWith('/c/');
}

export function Shell() {
  useFeed();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { collapsed, drawer, search, openDrawer, closeDrawer, setSearch } = useShell();
  const chat = isChat(path);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setSearch(true);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [setSearch]);

  return (
    <div
      className={cx(
        'grid h-dvh grid-cols-[minmax(0,1fr)]',
        collapsed ? 'md:grid-cols-[60px_minmax(0,1fr)]' : 'md:grid-cols-[var(--w-side)_minmax(0,1fr)]',
      )}
    >
      <a className="skip" href={chat ? '#composer' : '#main'}>
        {chat ? t('Skip to message box') : t('Skip to content')}
      </a>
      <div className="hidden min-h-0 border-border border-r md:block">
        {collapsed ? <Rail /> : <Sidebar />}
      </div>
      <main
        id="main"
        className={cx('flex min-h-0 min-w-0 flex-col', !chat && 'overflow-y-auto')}
        tabIndex={-1}
      >
        {!chat && (
          <div className="bar sticky top-0 z-10 shrink-0 border-border border-b bg-bg px-2! md:hidden">
            <IconButton label={t('Open menu')} onClick={openDrawer}>
              <MenuIcon size={18} />
            </IconButton>
            <span className="word">Conductor</span>
          </div>
        )}
        <Outlet />
      </main>
      <Dialog.Root open={drawer} onOpenChange={(open) => !open && closeDrawer()}>
        <Dialog.Portal>
          <Dialog.Backdrop className="scrim md:hidden" />
          <Dialog.Popup className="data-[ending-style]:-translate-x-full data-[starting-style]:-translate-x-full fixed inset-y-0 left-0 z-41 w-[min(304px,86vw)] border-border border-r shadow-3 outline-none transition-transform duration-300 md:hidden">
            <Dialog.Title className="sr-only">{t('Menu')}</Dialog.Title>
            <Sidebar drawer />
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
      {search && (
        <Suspense fallback={null}>
          <SearchDialog open onClose={() => setSearch(false)} />
        </Suspense>
      )}
    </div>
  );
}
