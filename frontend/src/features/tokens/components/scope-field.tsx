/** What a machine may do: one row a noun, one button a verb. */
import { useId } from 'react';
import { t } from '@/lib/i18n';
import { covers } from '@/lib/permissions';
import { type Noun, toggled } from '../model/scopes';

export function ScopeField({
  label,
  hint,
  error,
  choices,
  value,
  onChange,
}: {
  label: string;
  hint?: string;
  error?: string | undefined;
  choices: readonly Noun[];
  value: readonly string[];
  onChange: (scopes: string[]) => void;
}) {
  const id = useId();
  // What was set by other means stays visible, and can be taken away.
  const others = value.filter(
    (scope) =>
      !choices.some(
        ({ noun, verbs }) => scope === `${noun}.*` || verbs.some((verb) => scope === `${noun}.${verb}`),
      ),
  );
  return (
    <fieldset
      className="m-0 grid min-w-0 gap-1.5 border-0 p-0"
      aria-describedby={error || hint ? id : undefined}
    >
      <legend className="mb-1.5 p-0 text-sm font-medium text-text-2">{label}</legend>
      <div className="rows rounded-md border border-border px-3">
        {choices.map(({ noun, label: name, verbs }) => (
          <div key={noun} className="flex flex-wrap items-center gap-x-3 gap-y-1.5 py-2">
            <span className="w-32 shrink-0 text-sm">{t(name)}</span>
            <span className="flex min-w-0 flex-1 flex-wrap gap-1.5">
              {verbs.map((verb) => {
                const scope = `${noun}.${verb}`;
                return (
                  <button
                    key={verb}
                    type="button"
                    className="chip"
                    aria-pressed={covers(value, scope)}
                    aria-label={`${t(name)}: ${verb}`}
                    onClick={() => onChange(toggled(value, scope))}
                  >
                    <span className="mono">{verb}</span>
                  </button>
                );
              })}
            </span>
          </div>
        ))}
        {others.map((scope) => (
          <div key={scope} className="flex items-center gap-3 py-2">
            <span className="w-32 shrink-0 text-sm text-text-3">{t('Other')}</span>
            <button
              type="button"
              className="chip"
              aria-pressed="true"
              onClick={() => onChange(value.filter((held) => held !== scope))}
            >
              <span className="mono">{scope}</span>
            </button>
          </div>
        ))}
      </div>
      {error ? (
        <p id={id} role="alert" className="text-sm text-err">
          {error}
        </p>
      ) : (
        hint && (
          <p id={id} className="text-sm text-text-3">
            {hint}
          </p>
        )
      )}
    </fieldset>
  );
}
