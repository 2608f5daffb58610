/** One entry, all of it, with its place in the chain. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Member } from '@/api/types';
import { Classification } from '@/components/ui/badges';
import { CopyButton } from '@/components/ui/copy-button';
import { Dialog } from '@/components/ui/dialog';
import { JsonView } from '@/components/ui/json-view';
import { ErrorState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { type AuditEvent, entryQuery } from '../queries';
import { DecisionBadge } from './decision-badge';
import { Moment } from './moment';
import { subjectName, targetName } from './subject';

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Hash({ label, value }: { label: string; value: string | null }) {
  return (
    <Fact label={label}>
      {value ? (
        <span className="flex items-center gap-2">
          <span className="mono min-w-0 break-all text-xs">{value}</span>
          <CopyButton text={value} label={t('Copy')} />
        </span>
      ) : (
        <span className="text-text-3">{t('Sealed within a second')}</span>
      )}
    </Fact>
  );
}

function hasData(value: unknown): boolean {
  return value !== null && typeof value === 'object' && Object.keys(value).length > 0;
}

function Entry({
  entry,
  people,
  names,
}: {
  entry: AuditEvent;
  people: Member[];
  names: Map<string, string>;
}) {
  const target = targetName(entry.target, names);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <p className="flex flex-wrap items-center gap-2">
        <DecisionBadge decision={entry.decision} />
        {entry.data_classification && <Classification level={entry.data_classification} />}
        <span className="mono">{entry.event_type}</span>
      </p>
      {entry.denial_reason && <p className="notice err">{entry.denial_reason}</p>}
      <dl className="audit-facts">
        <Fact label={t('When')}>
          <Moment at={entry.ts} />
        </Fact>
        <Fact label={t('Who')}>
          {subjectName(entry.subject, entry.user_id, people, names)}
          <span className="mono block break-all text-text-3 text-xs">{entry.subject}</span>
        </Fact>
        <Fact label={t('Action')}>
          <span className="mono">{entry.action}</span>
        </Fact>
        <Fact label={t('Target')}>
          <span className="mono break-all">{target}</span>
          {target !== entry.target && (
            <span className="mono block break-all text-text-3 text-xs">{entry.target}</span>
          )}
        </Fact>
        {entry.rule_id && (
          <Fact label={t('Rule')}>
            <span className="mono break-all">{entry.rule_id}</span>
          </Fact>
        )}
        {entry.is_withheld && (
          <Fact label={t('Withheld')}>{t('What it said of a person who was erased since.')}</Fact>
        )}
        {entry.ip_address && <Fact label={t('Address')}>{entry.ip_address}</Fact>}
        {entry.run_id && (
          <Fact label={t('Run')}>
            <Link to="/runs/$runId" params={{ runId: entry.run_id }} className="link">
              {t('Timeline')}
            </Link>
          </Fact>
        )}
        <Fact label={t('Place in the chain')}>
          {entry.seq ? <span className="num">#{entry.seq}</span> : t('Not sealed yet')}
        </Fact>
        <Hash label={t('Hash')} value={entry.hash} />
        <Hash label={t('Hash before it')} value={entry.prev_hash} />
      </dl>
      {hasData(entry.event_data) && (
        <section aria-label={t('Details')}>
          <h3 className="label mb-1">{t('Details')}</h3>
          <div className="max-h-72 overflow-auto rounded-md border border-border bg-code p-3">
            <JsonView value={entry.event_data} />
          </div>
        </section>
      )}
    </div>
  );
}

export function EntryDialog({
  organizationId,
  entry,
  people,
  names,
  onClose,
}: {
  organizationId: string;
  entry: string | undefined;
  people: Member[];
  names: Map<string, string>;
  onClose: () => void;
}) {
  const query = useQuery({ ...entryQuery(organizationId, entry ?? ''), enabled: entry !== undefined });
  return (
    <Dialog open={entry !== undefined} onClose={onClose} title={t('Entry')} wide>
      {query.data ? (
        <Entry entry={query.data} people={people} names={names} />
      ) : query.isError ? (
        <ErrorState
          title={t('The entry could not be loaded')}
          error={query.error}
          onRetry={() => void query.refetch()}
        />
      ) : (
        <SkeletonRows rows={6} />
      )}
    </Dialog>
  );
}
