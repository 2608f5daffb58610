/**
 * Code in colour. While it grows, the coloured beginning stays and the newest words follow uncoloured, so nothing
 * flickers and the worker is asked a few times a second at most.
 */
import { useEffect, useRef, useState } from 'react';
import { highlight, remembered } from './highlight';

const GROWING_PAUSE_MS = 160;

interface Coloured {
  code: string;
  language: string;
  markup: string;
}

/** The `code` element; put it into a `pre`. */
export function HighlightedCode({
  code,
  language,
  growing = false,
}: {
  code: string;
  language: string;
  growing?: boolean;
}) {
  const [state, setState] = useState<Coloured | undefined>(() => {
    const markup = remembered(code, language);
    return markup === undefined ? undefined : { code, language, markup };
  });
  const asked = useRef(0);

  useEffect(() => {
    if (state?.code === code && state.language === language) return;
    let live = true;
    const ask = () => {
      asked.current = Date.now();
      void highlight(code, language, !growing).then((markup) => {
        if (!live || markup === null) return;
        // An answer that was overtaken by a longer one comes too late.
        setState((last) =>
          growing && last && last.language === language && last.code.length > code.length
            ? last
            : { code, language, markup },
        );
      });
    };
    const pause = growing ? Math.max(0, asked.current + GROWING_PAUSE_MS - Date.now()) : 0;
    const timer = setTimeout(ask, pause);
    return () => {
      // A growing block drops the question that was not asked yet; an answer on its way is kept as a beginning.
      clearTimeout(timer);
      if (!growing) live = false;
    };
  }, [code, language, growing, state]);

  const usable = state && state.language === language && code.startsWith(state.code) ? state : undefined;
  return (
    <code>
      {usable ? (
        // biome-ignore lint/security/noDangerouslySetInnerHtml: our worker builds this and escapes every character of code
        <span dangerouslySetInnerHTML={{ __html: usable.markup }} />
      ) : null}
      {usable ? code.slice(usable.code.length) : code}
    </code>
  );
}
