/** The log: filters, the table, one entry, and files of it. */
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Download, ScrollText, Search } from 'lucide-react';
import { useCallback } from 'react';
import { useNames } from '@/api/names';
import { describe } from '@/api/problem';
import type { Me } from '@/api/types';
import { Classification } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { Menu, MenuItem } from '@/components/ui/menu';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { type AuditSearch, exportAddress, isFiltered, readSearch } from '../model/search';
import { type AuditEvent, download, entriesQuery, peopleQuery } from '../queries';
import { AuditFilters } from './audit-filters';
import { AuditFrame } from './audit-frame';
import { DecisionBadge } from './decision-badge';
import { EntryDialog } from './entry-dialog';
import { Moment } from './moment';
import { Subject, targetName } from './subject';

export function AuditLogPage({ search }: { search: AuditSearch }) {
  return <AuditFrame>{(me) => <AuditLog me={me} search={search} />}</AuditFrame>;
}

function AuditLog({ me, search }: { me: Me; search: AuditSearch }) {
  const { id } = me.organization;
  const navigate = useNavigate();
  const list = useInfiniteQuery(entriesQuery(id, search));
  const people = useQuery(peopleQuery(id)).data?.items ?? [];
  const names = useNames(id);
  const entries = list.data?.pages.flatMap((page) => page.items) ?? [];
  const change = useCallback(
    (change: Partial<AuditSearch>, replace = true) =>
      void navigate({
        to: '/governance/audit',
        search: (before) => readSearch({ ...before, ...change }),
        replace,
        resetScroll: false,
      }),
    [navigate],
  );
  const file = useMutation({
    mutationFn: (format: 'jsonl' | 'csv') => download(exportAddress(id, format, search)),
    onError: (problem) => toast.error(describe(problem)),
  });

  return (
    <>
      <AuditFilters search={search} people={people} onChange={change} />
      <section aria-label={t('Entries')} className="grid gap-3">
        <div className="flex flex-wrap items-center gap-3">
          <p className="flex-1 text-sm text-text-3" role="status">
            {!list.isPending && t('{{count}} entries', { count: entries.length })}
            {list.hasNextPage && ` ${t('so far')}`}
          </p>
          <Menu
            align="end"
            trigger={
              <Button variant="outline" busy={file.isPending}>
                <Download size={15} />
                {t('Export')}
              </Button>
            }
          >
            <MenuItem onSelect={() => file.mutate('jsonl')}>
              <span>
                <span className="block">{t('JSON lines')}</span>
                <span className="block text-text-3 text-xs">
                  {isFiltered(search) ? t('What is listed') : t('The whole chain, can be verified offline')}
                </span>
              </span>
            </MenuItem>
            <MenuItem onSelect={() => file.mutate('csv')}>
              <span>
                <span className="block">{t('CSV')}</span>
                <span className="block text-text-3 text-xs">{t('A table for spreadsheets')}</span>
              </span>
            </MenuItem>
          </Menu>
        </div>
        {list.isPending ? (
          <SkeletonRows rows={8} className="py-4" />
        ) : list.isError && entries.length === 0 ? (
          <div className="card border-dashed">
            <ErrorState
              title={t('The log could not be loaded')}
              error={list.error}
              onRetry={() => void list.refetch()}
            />
          </div>
        ) : entries.length === 0 ? (
          <div className="card border-dashed">
            {isFiltered(search) ? (
              <EmptyState icon={<Search />} title={t('Nothing matches')}>
                {t('No entry fits these filters. Take one away, or look at a longer time.')}
              </EmptyState>
            ) : (
              <EmptyState icon={<ScrollText />} title={t('No entries yet')}>
                {t('Every change and every refusal in this organisation will stand here.')}
              </EmptyState>
            )}
          </div>
        ) : (
          <EntryTable
            entries={entries}
            people={people}
            names={names}
            onOpen={(entry) => change({ entry }, false)}
          />
        )}
        {list.hasNextPage && (
          <div className="text-center">
            <Button
              variant="outline"
              busy={list.isFetchingNextPage}
              onClick={() => void list.fetchNextPage()}
            >
              {t('Show more')}
            </Button>
          </div>
        )}
      </section>
      <EntryDialog
        organizationId={id}
        people={people}
        names={names}
        entry={search.entry}
        onClose={() => change({ entry: undefined })}
      />
    </>
  );
}

function EntryTable({
  entries,
  people,
  names,
  onOpen,
}: {
  entries: AuditEvent[];
  people: Parameters<typeof Subject>[0]['people'];
  names: Map<string, string>;
  onOpen: (id: string) => void;
}) {
  return (
    <div className="card audit-scroll">
      <table className="table audit-table">
        <thead>
          <tr>
            <th scope="col">{t('Time')}</th>
            <th scope="col">{t('Who')}</th>
            <th scope="col">{t('Action')}</th>
            <th scope="col">{t('Target')}</th>
            <th scope="col">{t('Label')}</th>
            <th scope="col">{t('Decision')}</th>
            <th scope="col" className="text-right!">
              {t('Sealed')}
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.id}>
              <td className="num whitespace-nowrap text-text-2">
                <button type="button" className="audit-open" onClick={() => onOpen(entry.id)}>
                  <Moment at={entry.ts} />
                </button>
              </td>
              <td>
                <Subject subject={entry.subject} userId={entry.user_id} people={people} names={names} />
              </td>
              <td className="mono whitespace-nowrap">{entry.action}</td>
              <td className="mono">
                <span className="audit-target" title={entry.target}>
                  {targetName(entry.target, names)}
                </span>
              </td>
              <td>{entry.data_classification && <Classification level={entry.data_classification} />}</td>
              <td>
                <DecisionBadge decision={entry.decision} />
              </td>
              <td className="num whitespace-nowrap text-right text-text-3">
                {entry.seq ? `#${entry.seq}` : t('soon')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
