/** The left side: wordmark, new chat, search, places, conversations, and who is signed in. Folded, it is a rail. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import {
  Hexagon,
  Inbox,
  Menu as MenuIcon,
  PanelLeft,
  Plug,
  Plus,
  Search,
  Shield,
  Workflow,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { accessRequestsQuery, meQuery, tasksQuery } from '@/api/queries';
import { IconButton } from '@/components/ui/button';
import { Tooltip } from '@/components/ui/tooltip';
import { ConversationList } from '@/features/conversations';
import { mayAnswer } from '@/lib/approvers';
import { t } from '@/lib/i18n';
import { may } from '@/lib/may';
import { useShell } from '@/lib/shell';
import { ThemeToggle } from './theme-toggle';
import { UserMenu } from './user-menu';

const mac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);

interface Place {
  to: string;
  label: string;
  icon: ReactNode;
  badge?: number;
}

function places(waiting: number, governs: boolean): Place[] {
  return [
    { to: '/library/agents', label: t('Agents'), icon: <Hexagon size={18} /> },
    { to: '/workflows', label: t('Workflows'), icon: <Workflow size={18} /> },
    { to: '/servers', label: t('Servers'), icon: <Plug size={18} /> },
    { to: '/inbox', label: t('Inbox'), icon: <Inbox size={18} />, badge: waiting },
    ...(governs ? [{ to: '/governance', label: t('Governance'), icon: <Shield size={18} /> }] : []),
  ];
}

function useWaiting(): number {
  const { data: tasks } = useQuery(tasksQuery);
  const { data: requests } = useQuery(accessRequestsQuery);
  const { data: me } = useQuery(meQuery);
  const mine = tasks?.items.filter((task) => mayAnswer(task, me)) ?? [];
  return mine.length + (requests?.length ?? 0);
}

/** Whether there is something to govern or to read about it. */
function useGoverns(): boolean {
  const { data: me } = useQuery(meQuery);
  return may(me, 'policy.read') || may(me, 'audit.read');
}

export function Sidebar({ drawer = false }: { drawer?: boolean }) {
  const { toggle, closeDrawer, setSearch } = useShell();
  const waiting = useWaiting();
  const governs = useGoverns();
  const leave = drawer ? closeDrawer : () => {};
  return (
    <nav aria-label={t('Main')} className="flex h-full min-h-0 flex-col bg-rail">
      <div className="bar shrink-0 pr-3!">
        <Link to="/" className="word flex-1" onClick={leave}>
          Conductor
        </Link>
        <ThemeToggle />
        <IconButton
          label={drawer ? t('Close menu') : t('Collapse sidebar')}
          side="bottom"
          onClick={drawer ? closeDrawer : toggle}
        >
          <PanelLeft size={18} />
        </IconButton>
      </div>
      <div className="grid shrink-0 gap-1 px-3 pb-3">
        <Link to="/" className="row new" onClick={leave}>
          <span className="new-dot">
            <Plus size={15} strokeWidth={2.2} />
          </span>
          {t('New chat')}
        </Link>
        <button
          type="button"
          className="row"
          onClick={() => {
            leave();
            setSearch(true);
          }}
        >
          <Search size={18} />
          <span className="flex-1">{t('Search')}</span>
          <kbd className="kbd pointer-coarse:hidden">{mac ? '⌘ K' : 'Ctrl K'}</kbd>
        </button>
        {places(waiting, governs).map(({ to, label, icon, badge }) => (
          <Link key={to} to={to} className="row" activeProps={{ 'aria-current': 'page' }} onClick={leave}>
            {icon}
            <span className="flex-1">{label}</span>
            {badge ? (
              <span className="st warn count">
                {badge}
                <span className="sr-only"> {t('waiting')}</span>
              </span>
            ) : null}
          </Link>
        ))}
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-4 [scrollbar-width:thin]">
        <ConversationList onNavigate={leave} />
      </div>
      <div className="shrink-0 border-border border-t px-3 pt-2 pb-3">
        <UserMenu onNavigate={leave} />
      </div>
    </nav>
  );
}

export function Rail() {
  const { toggle, setSearch } = useShell();
  const waiting = useWaiting();
  const governs = useGoverns();
  return (
    <nav aria-label={t('Main')} className="flex h-full flex-col items-center gap-1 bg-rail py-3">
      <Link
        to="/"
        aria-label={t('Conductor, home')}
        className="word mb-2 inline-flex h-8 items-baseline text-[1.4rem]!"
      >
        <span>C</span>
      </Link>
      <IconButton label={t('Open sidebar')} side="right" className="size-10!" onClick={toggle}>
        <MenuIcon size={18} />
      </IconButton>
      <Tooltip text={t('New chat')} side="right">
        <Link to="/" className="icon-btn size-10!" aria-label={t('New chat')}>
          <span className="grid size-[26px] place-items-center rounded-full bg-accent text-on-accent">
            <Plus size={16} strokeWidth={2.2} />
          </span>
        </Link>
      </Tooltip>
      <IconButton label={t('Search')} side="right" className="size-10!" onClick={() => setSearch(true)}>
        <Search size={18} />
      </IconButton>
      {places(waiting, governs).map(({ to, label, icon, badge }) => (
        <Tooltip key={to} text={label} side="right">
          <Link
            to={to}
            className="icon-btn relative size-10! aria-[current]:bg-accent-soft! aria-[current]:text-accent-ink!"
            aria-label={badge ? `${label}, ${badge}` : label}
            activeProps={{ 'aria-current': 'page' }}
          >
            {icon}
            {badge ? <span className="absolute top-1.5 right-1.5 size-2 rounded-full bg-accent" /> : null}
          </Link>
        </Tooltip>
      ))}
      <span className="flex-1" />
      <ThemeToggle />
      <UserMenu compact onNavigate={() => {}} />
    </nav>
  );
}
