/** Until when: some hours or days, a day of one's choice, or for good. */
import { SelectField, TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import type { Lasting } from '../model/levels';

export function LastingField({
  lasting,
  date,
  onChange,
  label,
  error,
  dates = true,
}: {
  lasting: Lasting;
  date: string;
  onChange: (lasting: Lasting, date: string) => void;
  label: string;
  error?: string | undefined;
  dates?: boolean;
}) {
  const picks = lasting === 'date';
  return (
    <>
      <SelectField
        label={label}
        wrapperClassName="min-w-36 flex-1"
        value={lasting}
        error={picks ? undefined : error}
        onChange={(event) => onChange(event.target.value as Lasting, date)}
      >
        <option value="8">{t('8 hours')}</option>
        <option value="24">{t('1 day')}</option>
        <option value="168">{t('7 days')}</option>
        <option value="720">{t('30 days')}</option>
        {dates && <option value="date">{t('Until a date')}</option>}
        <option value="">{t('No end')}</option>
      </SelectField>
      {picks && (
        <TextField
          label={t('Last day')}
          type="date"
          wrapperClassName="min-w-36 flex-1"
          value={date}
          error={error}
          onChange={(event) => onChange('date', event.target.value)}
        />
      )}
    </>
  );
}
