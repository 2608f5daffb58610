/** The new chat: a greeting, and things to begin with. */
import { Link } from '@tanstack/react-router';
import { KeyRound } from 'lucide-react';
import type { Model } from '@/api/types';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';

export function Greeting({ name }: { name: string }) {
  const hour = new Date().getHours();
  const words =
    hour < 5
      ? t('Good evening')
      : hour < 12
        ? t('Good morning')
        : hour < 18
          ? t('Good afternoon')
          : t('Good evening');
  return (
    <h1 className="display px-6 text-center">
      {words}
      {name && `, ${name}`}
    </h1>
  );
}

const suggestions = [
  { title: 'What can you do?', text: 'What can you do here, and which tools do you have?' },
  { title: 'Draft a document', text: 'Write a one-page project brief as a document I can edit.' },
  { title: 'Build a small page', text: 'Make an interactive unit converter as a React artifact.' },
];

/** Whether nothing but the built-in demo can answer. */
export function onlyDemo(models: Model[]): boolean {
  const available = models.filter((model) => model.available);
  return available.length > 0 && available.every((model) => model.provider === 'demo');
}

export function Suggestions({ models, onPick }: { models: Model[]; onPick: (text: string) => void }) {
  return (
    <div className="mx-auto grid w-full max-w-[784px] gap-4 px-4 pt-3 md:px-6">
      <ul className="grid gap-2 sm:grid-cols-3">
        {suggestions.map((suggestion) => (
          <li key={suggestion.title} className="grid">
            <button
              type="button"
              className="card grid content-start gap-1 p-3 text-start transition-colors hover:border-border-strong"
              onClick={() => onPick(t(suggestion.text))}
            >
              <span className="h">{t(suggestion.title)}</span>
              <span className="text-sm text-text-3 leading-snug">{t(suggestion.text)}</span>
            </button>
          </li>
        ))}
      </ul>
      {onlyDemo(models) && (
        <Notice icon={<KeyRound size={17} />}>
          {t('Answers come from the built-in demo model.')}{' '}
          <Link to="/settings/$tab" params={{ tab: 'keys' }} className="link">
            {t('Add a provider key')}
          </Link>{' '}
          {t('to talk to a real one.')}
        </Notice>
      )}
    </div>
  );
}
