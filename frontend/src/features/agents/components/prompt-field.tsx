/** The instructions of an agent, written as Markdown, read as Markdown. */
import { useId, useState } from 'react';
import { Segmented } from '@/components/ui/segmented';
import { estimateTokens, short } from '@/lib/format';
import { t } from '@/lib/i18n';
import { Markdown } from '@/lib/markdown';

export function PromptField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const id = useId();
  const [view, setView] = useState<'write' | 'preview'>('write');
  return (
    <div className="grid gap-2">
      <div className="flex items-center gap-3">
        <label htmlFor={id} className="flex-1 text-sm font-medium text-text-2">
          {t('System prompt')}
        </label>
        <span className="num text-xs text-text-3">
          {t('about {{number}} tokens', { number: short(estimateTokens(value)) })}
        </span>
        <Segmented<'write' | 'preview'>
          label={t('System prompt view')}
          value={view}
          onChange={setView}
          options={[
            { value: 'write', label: t('Write') },
            { value: 'preview', label: t('Preview') },
          ]}
        />
      </div>
      {view === 'write' ? (
        <textarea
          id={id}
          className="field agent-prompt"
          rows={12}
          spellCheck
          placeholder={t('Who the agent is, what it does, how it answers, and what it must not do.')}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <div className="card min-h-[260px] p-5">
          {value.trim() ? (
            <Markdown text={value} />
          ) : (
            <p className="text-text-3">{t('Nothing written yet.')}</p>
          )}
        </div>
      )}
    </div>
  );
}
