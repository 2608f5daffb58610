/** Source with line numbers; while it is being written it follows the newest line until the reader scrolls away. */
import { useEffect, useRef } from 'react';
import { HighlightedCode } from '@/lib/highlight/highlighted-code';
import { t } from '@/lib/i18n';

export function SourceView({
  code,
  language,
  growing,
}: {
  code: string;
  language: string;
  growing: boolean;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const lines = code.split('\n').length;

  // biome-ignore lint/correctness/useExhaustiveDependencies: follows every change of the text
  useEffect(() => {
    const box = ref.current;
    if (growing && follow.current && box) box.scrollTop = box.scrollHeight;
  }, [code, growing]);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would need a heading of its own
    <div
      ref={ref}
      className="artifact-source"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
      tabIndex={0}
      role="region"
      aria-label={t('Source')}
      onScroll={(event) => {
        const box = event.currentTarget;
        follow.current = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
      }}
    >
      <div className="artifact-lines" aria-hidden="true">
        {Array.from({ length: lines }, (_, index) => index + 1).join('\n')}
      </div>
      <pre>
        <HighlightedCode code={code} language={language} growing={growing} />
      </pre>
    </div>
  );
}
