/**
 * A formula. KaTeX with its fonts is large, so it arrives with the first formula that is shown.
 */
import { useEffect, useMemo, useState } from 'react';

type Katex = typeof import('katex').default;

let loaded: Katex | undefined;
let loading: Promise<Katex> | undefined;

function load(): Promise<Katex> {
  loading ??= Promise.all([import('katex'), import('katex/dist/katex.min.css')])
    .then(([module]) => {
      loaded = module.default;
      return module.default;
    })
    .catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

/** Renders LaTeX as HTML with MathML beside it; a mistake in it shows the source and says why. */
export function Formula({ value, display }: { value: string; display: boolean }) {
  const [katex, setKatex] = useState<Katex | undefined>(() => loaded);
  useEffect(() => {
    if (katex) return;
    let live = true;
    load().then(
      (module) => live && setKatex(() => module),
      () => undefined,
    );
    return () => {
      live = false;
    };
  }, [katex]);

  const set = useMemo(() => (katex ? typeset(katex, value, display) : undefined), [katex, value, display]);
  if (!set) return <Source value={value} display={display} />;
  if ('problem' in set) return <Source value={value} display={display} problem={set.problem} />;
  return (
    <span
      className={display ? 'md-math md-math-display' : 'md-math'}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: KaTeX builds this from its own tree and escapes all text
      dangerouslySetInnerHTML={{ __html: set.markup }}
    />
  );
}

function typeset(katex: Katex, value: string, display: boolean): { markup: string } | { problem: string } {
  try {
    // `trust: false` refuses \href and \includegraphics; the limits refuse formulas that grow without end.
    const markup = katex.renderToString(value, {
      displayMode: display,
      throwOnError: true,
      trust: false,
      maxExpand: 500,
      maxSize: 20,
      strict: 'ignore',
    });
    return { markup };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function Source({ value, display, problem }: { value: string; display: boolean; problem?: string }) {
  return (
    <code className={display ? 'md-math-source md-math-display' : 'md-math-source'} title={problem}>
      {value}
    </code>
  );
}
