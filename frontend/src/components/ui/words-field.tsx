/** A field of words, such as tags; Enter or a comma adds one, Backspace takes the last. */
import { X } from 'lucide-react';
import { useId, useState } from 'react';
import { t } from '@/lib/i18n';
import { describedBy, Wrapper } from './field';

export function WordsField({
  label,
  hint,
  placeholder,
  value,
  error,
  disabled = false,
  onChange,
}: {
  label: string;
  hint?: string;
  placeholder: string;
  value: string[];
  error?: string;
  disabled?: boolean;
  onChange: (words: string[]) => void;
}) {
  const id = useId();
  const [text, setText] = useState('');
  const add = () => {
    const word = text.trim().replace(/,$/, '').trim();
    if (word && !value.some((known) => known.toLowerCase() === word.toLowerCase()))
      onChange([...value, word]);
    setText('');
  };
  return (
    <Wrapper id={id} label={label} hint={hint} error={error}>
      <div className="field flex-wrap py-1">
        {value.map((word) => (
          <span key={word} className="chip min-h-6 gap-1 pr-1">
            {word}
            {!disabled && (
              <button
                type="button"
                className="grid size-5 place-items-center rounded-full hover:bg-hover"
                aria-label={t('Remove {{tag}}', { tag: word })}
                onClick={() => onChange(value.filter((known) => known !== word))}
              >
                <X size={12} />
              </button>
            )}
          </span>
        ))}
        <input
          id={id}
          className="min-h-7 min-w-24"
          value={text}
          placeholder={value.length === 0 ? placeholder : ''}
          readOnly={disabled}
          aria-describedby={describedBy(id, hint, error)}
          aria-invalid={error ? true : undefined}
          onChange={(event) => (event.target.value.endsWith(',') ? add() : setText(event.target.value))}
          onBlur={add}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && text.trim() && !event.nativeEvent.isComposing) {
              event.preventDefault();
              add();
            } else if (event.key === 'Backspace' && text === '' && !disabled) onChange(value.slice(0, -1));
          }}
        />
      </div>
    </Wrapper>
  );
}
