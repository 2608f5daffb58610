/**
 * A Mermaid fence: source while it streams, one drawing when the fence closes, the last good drawing kept when a later
 * one fails, and the reason beside the source when none succeeded.
 */
import { CircleAlert } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { t } from '@/lib/i18n';
import { useTheme } from '@/lib/use-theme';
import { CodeBlock } from './code-block';

/** Draws `source` once it is complete; re-draws on a change of theme. */
export function useMermaid(source: string, complete: boolean) {
  const [state, setState] = useState<{ svg?: string; problem?: string }>({});
  const theme = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read from the page while drawing
  useEffect(() => {
    if (!complete || source.trim() === '') return;
    let live = true;
    import('./mermaid-render')
      .then(({ renderMermaid }) => renderMermaid(source))
      .then(
        (svg) => live && setState({ svg }),
        (error: unknown) =>
          live &&
          setState((last) => ({ ...last, problem: error instanceof Error ? error.message : String(error) })),
      );
    return () => {
      live = false;
    };
  }, [source, complete, theme]);
  return state;
}

/** Puts a cleaned drawing into the page. */
export function Drawing({ svg, label }: { svg: string; label: string }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (ref.current) ref.current.innerHTML = svg;
  }, [svg]);
  return <div ref={ref} className="md-diagram" role="img" aria-label={label} />;
}

/** The fence. */
export function MermaidBlock({ value, open }: { value: string; open: boolean }) {
  const { svg, problem } = useMermaid(value, !open);
  const [shown, setShown] = useState(false);
  if (open || (!svg && !problem)) return <CodeBlock value={value} language="mermaid" open={open} />;
  return (
    <div className="md-mermaid">
      {svg ? <Drawing svg={svg} label={t('Diagram')} /> : null}
      {problem ? (
        <p className="md-note" role="alert">
          <CircleAlert size={15} strokeWidth={1.7} aria-hidden />
          <span>{t('The diagram could not be drawn: {{problem}}', { problem: problem.split('\n')[0] })}</span>
        </p>
      ) : null}
      {svg && !problem ? (
        <button type="button" className="btn md-copy" aria-expanded={shown} onClick={() => setShown(!shown)}>
          {shown ? t('Hide source') : t('Show source')}
        </button>
      ) : null}
      {problem || shown ? <CodeBlock value={value} language="mermaid" open={false} /> : null}
    </div>
  );
}
