/**
 * A fenced block: its language, a copy button that stays in view on tall code, and colours from the worker.
 */
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { HighlightedCode } from '@/lib/highlight/highlighted-code';
import { t } from '@/lib/i18n';

/** Copies exactly `value`, and says so for two seconds. */
export function CopyButton({ value, label }: { value: string; label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  return (
    <button
      type="button"
      className="btn md-copy"
      onClick={async () =>
        setState((await (await import('@/lib/clipboard')).copyText(value)) ? 'copied' : 'failed')
      }
    >
      {state === 'copied' ? <Check size={15} strokeWidth={1.7} /> : <Copy size={15} strokeWidth={1.7} />}
      <span aria-live="polite">
        {state === 'copied' ? t('Copied') : state === 'failed' ? t('Copy failed') : (label ?? t('Copy'))}
      </span>
    </button>
  );
}

/** The block. `open` while its closing fence has not arrived. */
export function CodeBlock({ value, language, open }: { value: string; language: string; open: boolean }) {
  return (
    <figure className="code md-code" data-language={language || undefined}>
      <figcaption>
        <span className="grow">{language || 'text'}</span>
        <CopyButton value={value} />
      </figcaption>
      {/* Focusable, so that wide code can be scrolled by keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard */}
      <pre tabIndex={0}>
        <HighlightedCode code={value} language={language} growing={open} />
      </pre>
    </figure>
  );
}
