/** What libraries share (agents, servers, workflows): a heading, a search, and a list in each of its states. */
import { Search } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { Button } from '@/components/ui/button';
import { EmptyState, ErrorState } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import './library.css';

/** What it is, and the ways to another one. */
export function LibraryHead({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <header className="flex flex-wrap items-end gap-4">
      <div className="min-w-0 flex-1 basis-64">
        <h1 className="display">{title}</h1>
        <p className="mt-2 text-body text-text-2">{lead}</p>
      </div>
      {children}
    </header>
  );
}

export function LibrarySearch({
  label,
  placeholder,
  value,
  onChange,
}: {
  label: string;
  placeholder: string;
  value: string;
  onChange: (query: string) => void;
}) {
  return (
    <label className="field min-h-[46px] flex-1 basis-72 rounded-lg text-body">
      <Search size={18} className="flex-none text-text-3" aria-hidden="true" />
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

/** A list that is read page by page, as `useInfiniteQuery` gives it. */
interface Pages {
  isPending: boolean;
  isError: boolean;
  error: unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  refetch: () => unknown;
  fetchNextPage: () => unknown;
}

export function LibraryList({
  label,
  list,
  length,
  counted,
  skeleton,
  skeletons = 6,
  failed,
  filtered = false,
  nothing = '',
  onClear,
  empty,
  className = 'library-grid',
  children,
}: {
  label: string;
  list: Pages;
  /** How many of those that were read are shown. */
  length: number;
  /** The same in words, where they are told. */
  counted?: string;
  skeleton: ReactNode;
  skeletons?: number;
  failed: string;
  /** Whether something is left out, where there is something to filter by. */
  filtered?: boolean;
  /** What is said where the filters leave nothing. */
  nothing?: string;
  onClear?: () => void;
  /** What is said where there is nothing to filter. */
  empty: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  if (list.isPending) {
    return (
      <div className="library-grid" aria-busy="true">
        <span className="sr-only" role="status">
          {t('Loading')}
        </span>
        {Array.from({ length: skeletons }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: skeletons have no identity
          <Fragment key={index}>{skeleton}</Fragment>
        ))}
      </div>
    );
  }
  if (list.isError) {
    return (
      <div className="card border-dashed">
        <ErrorState title={failed} error={list.error} onRetry={() => void list.refetch()} />
      </div>
    );
  }
  if (length === 0) {
    const clear = (
      <Button variant="outline" onClick={onClear}>
        {t('Clear the filters')}
      </Button>
    );
    return (
      <div className="card border-dashed">
        {filtered ? (
          <EmptyState icon={<Search />} title={t('Nothing matches')} action={clear}>
            {nothing}
          </EmptyState>
        ) : (
          empty
        )}
      </div>
    );
  }
  return (
    <section aria-label={label}>
      {counted && (
        <p className="mb-4 text-sm text-text-3" role="status">
          {counted}
          {list.hasNextPage && ` ${t('so far')}`}
        </p>
      )}
      <div className={className}>{children}</div>
      {list.hasNextPage && (
        <div className="mt-6 text-center">
          <Button variant="outline" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t('Show more')}
          </Button>
        </div>
      )}
    </section>
  );
}
