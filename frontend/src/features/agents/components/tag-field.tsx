/** Words to find an agent by; Enter or a comma adds one, Backspace takes the last. */
import { X } from 'lucide-react';
import { useId, useState } from 'react';
import { t } from '@/lib/i18n';

export function TagField({ value, onChange }: { value: string[]; onChange: (tags: string[]) => void }) {
  const id = useId();
  const [text, setText] = useState('');
  const add = () => {
    const tag = text.trim().replace(/,$/, '').trim();
    if (tag && !value.some((known) => known.toLowerCase() === tag.toLowerCase())) onChange([...value, tag]);
    setText('');
  };
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-sm font-medium text-text-2">
        {t('Tags')}
      </label>
      <div className="field flex-wrap py-1">
        {value.map((tag) => (
          <span key={tag} className="chip min-h-6 gap-1 pr-1">
            {tag}
            <button
              type="button"
              className="grid size-5 place-items-center rounded-full hover:bg-hover"
              aria-label={t('Remove {{tag}}', { tag })}
              onClick={() => onChange(value.filter((known) => known !== tag))}
            >
              <X size={12} />
            </button>
          </span>
        ))}
        <input
          id={id}
          className="min-h-7 min-w-24"
          value={text}
          placeholder={value.length === 0 ? t('Finance, Research') : ''}
          onChange={(event) => (event.target.value.endsWith(',') ? add() : setText(event.target.value))}
          onBlur={add}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && text.trim() && !event.nativeEvent.isComposing) {
              event.preventDefault();
              add();
            } else if (event.key === 'Backspace' && text === '') onChange(value.slice(0, -1));
          }}
        />
      </div>
    </div>
  );
}
