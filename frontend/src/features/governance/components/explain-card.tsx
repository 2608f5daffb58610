/** A question to the decision point, and its answer: the draft is asked, the stored rules are the comparison. */
import { Check, UserRound, X } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import type { Effect, Explanation } from '@/api/types';
import { Button } from '@/components/ui/button';
import { TextArea, TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import { conditionsFault, effectName } from '../model/form';
import { type PolicyChange, type Question, useExplain } from '../queries';
import { type About, asked, ExplainAbout } from './explain-about';

const SOURCES: Record<string, string> = {
  tenant: 'Organisation',
  credential: 'Credential',
  roles: 'Role',
  access: 'Access',
  clearance: 'Clearance',
  policies: 'Policies',
};

function Mark({ effect }: { effect: Effect }) {
  const look = { allow: 'ok', approve: 'warn', deny: 'err' }[effect];
  return (
    <span className={cx('trace-mark', look)} aria-hidden="true">
      {effect === 'allow' ? (
        <Check size={13} />
      ) : effect === 'deny' ? (
        <X size={13} />
      ) : (
        <UserRound size={13} />
      )}
    </span>
  );
}

/** The steps in the order in which they were asked; the last one settled it. */
export function Trace({ explanation }: { explanation: Explanation }) {
  const last = explanation.trace.length - 1;
  return (
    <ol className="trace">
      {explanation.trace.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
        <li key={index}>
          <Mark effect={index === last ? explanation.effect : 'allow'} />
          <b className="font-semibold">{t(SOURCES[step.source] ?? step.source)}</b>
          <span className="num text-text-3 text-xs">{index + 1}</span>
          <p>{step.says}</p>
        </li>
      ))}
    </ol>
  );
}

function Verdict({ now, before }: { now: Explanation; before: Explanation | undefined }) {
  const tone = { allow: 'ok', approve: 'warn', deny: 'err' }[now.effect] as 'ok' | 'warn' | 'err';
  const said = { allow: t('Allowed'), approve: t('Asked first'), deny: t('Denied') };
  return (
    <Notice tone={tone}>
      <b className="font-medium">{said[now.effect]}</b>
      {before && (
        <span className="block text-sm text-text-2">
          {before.effect === now.effect
            ? t('As without this draft.')
            : t('Without this draft: {{effect}}.', { effect: effectName(before.effect) })}
        </span>
      )}
    </Notice>
  );
}

interface Props {
  organization: string;
  policyId?: string | undefined;
  /** What is being written; `undefined` while it cannot be read. */
  draft: PolicyChange | undefined;
}

export function ExplainCard({ organization, policyId, draft }: Props) {
  const [question, setQuestion] = useState({ action: 'tool.invoke', target: '', arguments: '' });
  const [about, setAbout] = useState<About>({ who: '', row: '', agent: '', label: '' });
  const [readOnly, setReadOnly] = useState(false);
  const explain = useExplain(organization);
  const compare = useExplain(organization);
  const set = (change: Partial<typeof question>) => setQuestion((last) => ({ ...last, ...change }));
  const wrong = conditionsFault(question.arguments);
  const ask = () => {
    const plain: Question = {
      action: question.action.trim(),
      ...(about.row ? {} : { target: question.target.trim() }),
      ...asked(about, readOnly),
      ...(question.arguments.trim() ? { arguments: JSON.parse(question.arguments) } : {}),
    };
    compare.mutate(plain);
    explain.mutate({ ...plain, ...(policyId ? { policy_id: policyId } : {}), ...(draft ? { draft } : {}) });
  };
  return (
    <section className="card" aria-label={t('Explain')}>
      <header className="card-bar">
        <h2 className="h">{t('Explain')}</h2>
      </header>
      <form
        className="grid gap-4 p-5"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!wrong && draft) ask();
        }}
      >
        <ExplainAbout
          organization={organization}
          about={about}
          onChange={(change) => {
            setAbout((last) => ({ ...last, ...change }));
            // A stored row has a kind, and only actions of that kind are asked about it.
            const kind = change.row?.split(':')[0];
            if (kind && !question.action.startsWith(`${kind}.`)) set({ action: `${kind}.read` });
          }}
        />
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <TextField
            label={t('Does')}
            className="font-mono"
            value={question.action}
            onChange={(event) => set({ action: event.target.value })}
          />
          {!about.row && (
            <TextField
              label={t('On')}
              className="font-mono"
              placeholder="tool:files/read"
              value={question.target}
              onChange={(event) => set({ target: event.target.value })}
            />
          )}
        </div>
        <TextArea
          label={t('Arguments')}
          className="font-mono text-sm"
          rows={2}
          spellCheck={false}
          placeholder='{ "amount": 14820 }'
          value={question.arguments}
          onChange={(event) => set({ arguments: event.target.value })}
          error={wrong}
        />
        {!about.row && (
          <label className="flex items-center gap-2 text-sm">
            <input
              type="checkbox"
              checked={readOnly}
              onChange={(event) => setReadOnly(event.target.checked)}
            />
            {t('The tool only reads')}
          </label>
        )}
        <Button
          type="submit"
          variant="outline"
          className="justify-self-start"
          busy={explain.isPending}
          disabled={!draft || (!about.row && !question.target.trim())}
        >
          {t('What would be decided?')}
        </Button>
        <div aria-live="polite" className="grid gap-3">
          {explain.error && <Notice tone="err">{describe(explain.error)}</Notice>}
          {explain.data && (
            <>
              <Verdict now={explain.data} before={compare.data} />
              <Trace explanation={explain.data} />
            </>
          )}
        </div>
      </form>
    </section>
  );
}
