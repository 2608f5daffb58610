/** Until when: some hours or days, a day of one's choice, or for good. */
import { SelectField, TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import { type Lasting, spanLength, spansWith } from '../model/levels';

export function LastingField({
  lasting,
  date,
  onChange,
  label,
  error,
  dates = true,
  asked,
}: {
  lasting: Lasting;
  date: string;
  onChange: (lasting: Lasting, date: string) => void;
  label: string;
  error?: string | undefined;
  dates?: boolean;
  /** Hours that somebody asked for; a choice of its own where it is none of ours. */
  asked?: number | null | undefined;
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
        {spansWith(asked).map((hours) => (
          <option key={hours} value={hours}>
            {spanLength(hours)}
          </option>
        ))}
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
