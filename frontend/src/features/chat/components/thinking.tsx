/** The model's reasoning: folded, and open while it is all there is to read. */
import { ChevronRight, Lightbulb } from 'lucide-react';
import { useState } from 'react';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';

export function Thinking({ text, active }: { text: string; active: boolean }) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const open = chosen ?? active;
  return (
    <div className="text-ui">
      <button
        type="button"
        className="-ml-1 flex min-h-8 items-center gap-1.5 rounded-md pr-2 pl-1 text-text-3 hover:text-text-2"
        aria-expanded={open}
        onClick={() => setChosen(!open)}
      >
        <ChevronRight size={15} className={cx('transition-[rotate] duration-200', open && 'rotate-90')} />
        <Lightbulb size={15} />
        {active ? t('Thinking') : t('Thought process')}
      </button>
      {open && (
        <div className="mt-1 ml-1.5 max-h-80 overflow-y-auto whitespace-pre-wrap border-border border-l-2 pl-4 text-text-2 leading-relaxed">
          {text}
        </div>
      )}
    </div>
  );
}
