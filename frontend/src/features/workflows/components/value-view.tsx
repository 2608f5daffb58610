/** Any value of a run, readable and to be copied; what is very long is cut until somebody wants all of it. */
import { useMemo, useState } from 'react';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { JsonView } from '@/components/ui/json-view';
import { t } from '@/lib/i18n';

const MOST_CHARACTERS = 20_000;

export function ValueView({ label, value }: { label: string; value: unknown }) {
  const [all, setAll] = useState(false);
  const text = useMemo(
    () => (typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '')),
    [value],
  );
  const cut = !all && text.length > MOST_CHARACTERS;
  return (
    <div className="wf-value">
      <header>
        <h3 className="label">{label}</h3>
        <CopyButton text={text} label={t('Copy {{what}}', { what: label })} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section tabIndex={0} aria-label={label}>
        {cut || typeof value === 'string' ? (
          <pre className="json">{cut ? `${text.slice(0, MOST_CHARACTERS)}…` : text}</pre>
        ) : (
          <JsonView value={value} />
        )}
      </section>
      {cut && (
        <Button size="xs" variant="outline" onClick={() => setAll(true)}>
          {t('Show all of it')}
        </Button>
      )}
    </div>
  );
}
