/** What narrows the log; all of it stands in the address. */
import { Search, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Member } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Segmented } from '@/components/ui/segmented';
import { t } from '@/lib/i18n';
import { type AuditSearch, isFiltered, type Period } from '../model/search';

/** A text that is taken over once the person pauses. */
function Typed({
  label,
  placeholder,
  value,
  onChange,
}: {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onChange(typed), 300);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <label className="field flex-1 basis-44">
      <Search size={16} className="flex-none text-text-3" aria-hidden="true" />
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value.trimStart())}
      />
    </label>
  );
}

export function AuditFilters({
  search,
  people,
  onChange,
}: {
  search: AuditSearch;
  people: Member[];
  onChange: (change: Partial<AuditSearch>) => void;
}) {
  const [setAction] = useState(() => (action: string) => onChange({ action }));
  const [setTarget] = useState(() => (target: string) => onChange({ target }));
  return (
    <search className="grid gap-3" aria-label={t('Filters')}>
      <div className="flex flex-wrap gap-3">
        <select
          className="field flex-1 basis-44"
          aria-label={t('Person')}
          value={search.person ?? ''}
          onChange={(event) => onChange({ person: event.target.value })}
        >
          <option value="">{t('Anybody')}</option>
          {people.map((person) => (
            <option key={person.user_id} value={person.user_id}>
              {person.name || person.email}
            </option>
          ))}
        </select>
        <Typed
          label={t('Action')}
          placeholder={t('Action, such as agent.')}
          value={search.action ?? ''}
          onChange={setAction}
        />
        <Typed
          label={t('Target')}
          placeholder={t('Target, such as tool:')}
          value={search.target ?? ''}
          onChange={setTarget}
        />
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <Segmented<'all' | 'allow' | 'deny'>
          label={t('Decision')}
          value={search.decision ?? 'all'}
          onChange={(decision) => onChange({ decision: decision === 'all' ? undefined : decision })}
          options={[
            { value: 'all', label: t('All') },
            { value: 'allow', label: t('Allowed') },
            { value: 'deny', label: t('Denied') },
          ]}
        />
        <select
          className="field w-auto!"
          aria-label={t('Classification')}
          value={search.label ?? ''}
          onChange={(event) => onChange({ label: event.target.value })}
        >
          <option value="">{t('Any label')}</option>
          <option value="public">{t('Public')}</option>
          <option value="internal">{t('Internal')}</option>
          <option value="confidential">{t('Confidential')}</option>
          <option value="restricted">{t('Restricted')}</option>
        </select>
        <select
          className="field w-auto!"
          aria-label={t('Time')}
          value={search.period ?? ''}
          onChange={(event) => onChange({ period: (event.target.value || undefined) as Period | undefined })}
        >
          <option value="">{t('Any time')}</option>
          <option value="day">{t('Last 24 hours')}</option>
          <option value="week">{t('Last 7 days')}</option>
          <option value="month">{t('Last 30 days')}</option>
          <option value="custom">{t('Between two days')}</option>
        </select>
        {search.period === 'custom' && (
          <>
            <input
              type="date"
              className="field w-auto!"
              aria-label={t('From')}
              value={search.from ?? ''}
              max={search.to}
              onChange={(event) => onChange({ from: event.target.value })}
            />
            <input
              type="date"
              className="field w-auto!"
              aria-label={t('To')}
              value={search.to ?? ''}
              min={search.from}
              onChange={(event) => onChange({ to: event.target.value })}
            />
          </>
        )}
        {isFiltered(search) && (
          <Button
            onClick={() =>
              onChange({
                person: undefined,
                action: undefined,
                target: undefined,
                decision: undefined,
                label: undefined,
                period: undefined,
              })
            }
          >
            <X size={15} />
            {t('Clear the filters')}
          </Button>
        )}
      </div>
    </search>
  );
}
