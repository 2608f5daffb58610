/** The frame around every signed-in page. */
import { Outlet, useRouterState } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { IconButton } from '@/components/ui/button';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import { useShell } from '@/lib/shell';
import { useFeed } from '../use-feed';
import { Rail, Sidebar } from './sidebar';

const Drawer = lazy(() => import('./drawer'));
const SearchDialog = lazy(async () => ({ default: (await import('@/features/search')).SearchDialog }));

function isChat(path: string): boolean {
  return path === '/' || path.startsWith('/c/');
}

export function Shell() {
  useFeed();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { collapsed, drawer, search, openDrawer, closeDrawer, setSearch } = useShell();
  const [asked, setAsked] = useState(false);
  if (drawer && !asked) setAsked(true);
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
      {asked && (
        <Suspense fallback={null}>
          <Drawer open={drawer} onClose={closeDrawer} />
        </Suspense>
      )}
      {search && (
        <Suspense fallback={null}>
          <SearchDialog open onClose={() => setSearch(false)} />
        </Suspense>
      )}
    </div>
  );
}
