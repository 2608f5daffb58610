/** Who accessed what of which label, counted, for a time that the address names. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Download, FileSearch } from 'lucide-react';
import { useNames } from '@/api/names';
import { describe } from '@/api/problem';
import type { Me } from '@/api/types';
import { Classification } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { EmptyState, ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { count, dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { words } from '@/lib/names';
import { toast } from '@/lib/toast';
import { byLabel } from '../model/compliance';
import { moment, type ReportSearch, readReportSearch, reportDays } from '../model/search';
import { type ComplianceRow, complianceQuery, download } from '../queries';
import { AuditFrame } from './audit-frame';
import { CompliancePlot } from './compliance-plot';
import { subjectName } from './subject';

export function CompliancePage({ search }: { search: ReportSearch }) {
  return (
    <AuditFrame title={t('Compliance')} lead={t('Who used what of which label, and what was refused.')}>
      {(me) => <Compliance me={me} search={search} />}
    </AuditFrame>
  );
}

function Compliance({ me, search }: { me: Me; search: ReportSearch }) {
  const { id } = me.organization;
  const { from, to } = reportDays(search);
  const navigate = useNavigate();
  const { data: report, error, isPending, refetch } = useQuery(complianceQuery(id, from, to));
  const rows = report?.items ?? [];
  const names = useNames(id);
  const change = (change: ReportSearch) =>
    void navigate({
      to: '/governance/audit/compliance',
      search: (before) => readReportSearch({ ...before, ...change }),
      replace: true,
      resetScroll: false,
    });
  const file = useMutation({
    mutationFn: () => {
      const parameters = new URLSearchParams({ from: moment(from), to: moment(to, 1), format: 'csv' });
      return download(`/api/v1/orgs/${id}/audit/compliance?${parameters}`);
    },
    onError: (problem) => toast.error(describe(problem)),
  });
  return (
    <>
      <div className="flex flex-wrap items-end gap-3">
        <label className="grid gap-1.5 text-sm">
          <span className="font-medium text-text-2">{t('From')}</span>
          <input
            type="date"
            className="field"
            value={from}
            max={to}
            onChange={(event) => change({ from: event.target.value })}
          />
        </label>
        <label className="grid gap-1.5 text-sm">
          <span className="font-medium text-text-2">{t('To')}</span>
          <input
            type="date"
            className="field"
            value={to}
            min={from}
            onChange={(event) => change({ to: event.target.value })}
          />
        </label>
        <span className="flex-1" />
        <Button
          variant="outline"
          busy={file.isPending}
          disabled={rows.length === 0}
          onClick={() => file.mutate()}
        >
          <Download size={15} />
          {t('Export as CSV')}
        </Button>
      </div>
      {isPending ? (
        <SkeletonRows rows={8} className="py-4" />
      ) : error ? (
        <div className="card border-dashed">
          <ErrorState
            title={t('The report could not be made')}
            error={error}
            onRetry={() => void refetch()}
          />
        </div>
      ) : rows.length === 0 ? (
        <div className="card border-dashed">
          <EmptyState icon={<FileSearch />} title={t('Nothing in this time')}>
            {t('Nothing was done or refused between these days. Choose a longer time.')}
          </EmptyState>
        </div>
      ) : (
        <>
          {report?.cut && (
            <Notice tone="warn">{t('There is more than is listed. Choose a shorter time.')}</Notice>
          )}
          <Labels rows={rows} />
          {report && <CompliancePlot pieces={report.over_time} time={report} />}
          <Rows rows={rows} names={names} />
        </>
      )}
    </>
  );
}

function Labels({ rows }: { rows: ComplianceRow[] }) {
  return (
    <ul className="audit-labels" aria-label={t('By label')}>
      {byLabel(rows).map(({ label, allowed, denied }) => (
        <li key={label ?? ''} className="card p-4">
          {label ? (
            <Classification level={label} />
          ) : (
            <span className="text-sm text-text-2">{t('No label')}</span>
          )}
          <p className="num mt-3 flex items-baseline gap-2">
            <span className="title">{count(allowed + denied)}</span>
            <span className="text-sm text-text-3">
              {denied > 0 ? t('{{denied}} denied', { denied: count(denied) }) : t('none denied')}
            </span>
          </p>
        </li>
      ))}
    </ul>
  );
}

function Rows({ rows, names }: { rows: ComplianceRow[]; names: Map<string, string> }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways is reachable by keyboard
    <section className="card audit-scroll" tabIndex={0} aria-label={t('Accesses')}>
      <table className="table audit-table num">
        <thead>
          <tr>
            <th scope="col">{t('Who')}</th>
            <th scope="col">{t('Action')}</th>
            <th scope="col">{t('Kind')}</th>
            <th scope="col">{t('Label')}</th>
            <th scope="col" className="text-right!">
              {t('Things')}
            </th>
            <th scope="col" className="text-right!">
              {t('Allowed')}
            </th>
            <th scope="col" className="text-right!">
              {t('Denied')}
            </th>
            <th scope="col">{t('Last')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={[row.subject, row.action, row.resource_type, row.data_classification].join('\u0000')}>
              <td>
                <span className="whitespace-nowrap" title={row.subject}>
                  {row.name || row.email || subjectName(row.subject, null, [], names)}
                </span>
                {row.email && row.name && <span className="block text-text-3 text-xs">{row.email}</span>}
              </td>
              <td className="mono whitespace-nowrap">{row.action}</td>
              <td className="text-text-2">{row.resource_type ? words(row.resource_type) : '–'}</td>
              <td>{row.data_classification ? <Classification level={row.data_classification} /> : '–'}</td>
              <td className="text-right">{count(row.resources)}</td>
              <td className="text-right">{count(row.allowed)}</td>
              <td className={row.denied > 0 ? 'text-right text-err' : 'text-right text-text-3'}>
                {count(row.denied)}
              </td>
              <td className="whitespace-nowrap text-text-2">{dateTime(row.last_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
