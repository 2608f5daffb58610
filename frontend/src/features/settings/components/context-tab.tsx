/** What the organisation's workflows read as `context`: one object, said by an administrator and seen by all members. */
import { useState } from 'react';
import { api } from '@/api/client';
import { describe, Problem } from '@/api/problem';
import { meQuery, queryClient } from '@/api/queries';
import type { Me } from '@/api/types';
import { Button } from '@/components/ui/button';
import { TextArea } from '@/components/ui/field';
import { contextPaths, isObject } from '@/lib/context';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { Section } from './section';

type Values = Record<string, unknown>;

function read(text: string): Values | null {
  try {
    const value: unknown = JSON.parse(text.trim() || '{}');
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function ContextTab({ me }: { me: Me }) {
  const stored = me.organization.context as Values;
  const [text, setText] = useState(Object.keys(stored).length > 0 ? JSON.stringify(stored, null, 2) : '');
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState(false);
  const values = read(text);
  const save = async () => {
    if (values === null) {
      setWrong(t('Write an object in JSON, such as {"company": {"city": "Ulm"}}.'));
      return;
    }
    setBusy(true);
    try {
      await api.patch(`/api/v1/orgs/${me.organization.id}`, { context: values });
      await queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
      toast.success(t('Saved'));
    } catch (problem) {
      const faults = problem instanceof Problem ? problem.errors : [];
      if (faults.length === 0) toast.error(describe(problem));
      setWrong(faults.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('\n') || undefined);
    }
    setBusy(false);
  };
  const paths = values === null ? [] : contextPaths(values);
  return (
    <Section
      title={t('Workflow context')}
      lead={t(
        'What every workflow of this organisation may read, such as an address. All members see it: it is no place for passwords.',
      )}
    >
      <TextArea
        label={t('Values')}
        hint={t(
          'An object in JSON. context.company.name is the name of the organisation unless it says another.',
        )}
        error={wrong}
        className="font-mono text-sm"
        rows={Math.min(24, Math.max(8, text.split('\n').length + 1))}
        spellCheck={false}
        value={text}
        placeholder={'{ "company": { "name": "TechStart", "city": "Ulm" } }'}
        onChange={(event) => {
          setText(event.target.value);
          setWrong(undefined);
        }}
      />
      {paths.length > 0 && (
        <div>
          <h3 className="label">{t('Read in workflows as')}</h3>
          <ul className="mt-1.5 grid gap-1 font-mono text-sm">
            {paths.map((path) => (
              <li key={path}>{`{{${path}}}`}</li>
            ))}
          </ul>
        </div>
      )}
      <div>
        <Button
          variant="primary"
          busy={busy}
          disabled={values !== null && JSON.stringify(values) === JSON.stringify(stored)}
          onClick={() => void save()}
        >
          {t('Save')}
        </Button>
      </div>
    </Section>
  );
}
