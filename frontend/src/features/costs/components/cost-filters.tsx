/** What narrows the costs; all of it stands in the address. */
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { environmentOptions } from '@/api/names';
import { agentOptionsQuery, membersQuery, modelsQuery } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { Segmented } from '@/components/ui/segmented';
import { t } from '@/lib/i18n';
import { type CostSearch, type Grouping, grouping, isNarrowed, type Period } from '../model/search';
import { breakdownQuery } from '../queries';

export function CostFilters({
  organization,
  search,
  currencies,
  currency,
  onChange,
}: {
  organization: string;
  search: CostSearch;
  currencies: string[];
  currency: string;
  onChange: (change: Partial<CostSearch>) => void;
}) {
  const agents = useQuery(agentOptionsQuery).data?.items ?? [];
  const environments = useQuery(environmentOptions(organization)).data?.items ?? [];
  const people = useQuery(membersQuery(organization)).data?.items ?? [];
  const known = useQuery(modelsQuery).data?.items.map((model) => model.id) ?? [];
  // Models that were used once may be in no catalogue any more.
  const used =
    useQuery(breakdownQuery(organization, 'model', { ...search, model: undefined })).data?.items ?? [];
  const models = [
    ...new Set([...used.map((group) => group.key), ...known, ...(search.model ? [search.model] : [])]),
  ];
  return (
    <search className="grid gap-3" aria-label={t('Filters')}>
      <div className="flex flex-wrap items-center gap-3">
        <select
          className="field w-auto!"
          aria-label={t('Time')}
          value={search.period ?? 'month'}
          onChange={(event) => onChange({ period: event.target.value as Period, grouping: undefined })}
        >
          <option value="day">{t('Last 24 hours')}</option>
          <option value="week">{t('Last 7 days')}</option>
          <option value="month">{t('Last 30 days')}</option>
          <option value="quarter">{t('Last 3 months')}</option>
          <option value="year">{t('Last 12 months')}</option>
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
        <Segmented<Grouping>
          label={t('Pieces')}
          value={grouping(search)}
          onChange={(grouping) => onChange({ grouping })}
          options={[
            { value: 'hour', label: t('Hours') },
            { value: 'day', label: t('Days') },
            { value: 'week', label: t('Weeks') },
            { value: 'month', label: t('Months') },
          ]}
        />
        {currencies.length > 1 && (
          <select
            className="field w-auto!"
            aria-label={t('Currency')}
            value={currency}
            onChange={(event) => onChange({ currency: event.target.value })}
          >
            {currencies.map((known) => (
              <option key={known}>{known}</option>
            ))}
          </select>
        )}
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <Choice
          label={t('Agent')}
          none={t('Every agent')}
          value={search.agent}
          onChange={(agent) => onChange({ agent })}
        >
          {agents.map((agent) => ({ value: agent.id, label: agent.name }))}
        </Choice>
        <Choice
          label={t('Model')}
          none={t('Every model')}
          value={search.model}
          onChange={(model) => onChange({ model })}
        >
          {models.map((model) => ({ value: model, label: model }))}
        </Choice>
        <Choice
          label={t('Environment')}
          none={t('Every environment')}
          value={search.environment}
          onChange={(environment) => onChange({ environment })}
        >
          {environments.map((environment) => ({ value: environment.id, label: environment.name }))}
        </Choice>
        <Choice
          label={t('Person')}
          none={t('Everybody')}
          value={search.person}
          onChange={(person) => onChange({ person })}
        >
          {people.map((person) => ({ value: person.user_id, label: person.name || person.email }))}
        </Choice>
        {isNarrowed(search) && (
          <Button
            onClick={() =>
              onChange({ agent: undefined, model: undefined, environment: undefined, person: undefined })
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

function Choice({
  label,
  none,
  value,
  onChange,
  children,
}: {
  label: string;
  none: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  children: { value: string; label: string }[];
}) {
  const missing = value && !children.some((choice) => choice.value === value);
  return (
    <select
      className="field flex-1 basis-40"
      aria-label={label}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">{none}</option>
      {missing && <option value={value}>{value}</option>}
      {children.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
    </select>
  );
}
