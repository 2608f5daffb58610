/** Issues a token, and shows its text this once. */
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { describe, Problem } from '@/api/problem';
import { queryClient } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { useCopied } from '@/components/ui/copy-button';
import { SelectField, TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { expiry, type Lifetime, type Noun } from '../model/scopes';
import { issueToken, type TokenOwner, tokensQuery } from '../queries';
import { ScopeField } from './scope-field';

interface Words {
  name: string;
  lifetime: Lifetime;
  date: string;
}

export function IssueToken({
  owner,
  choices,
  fixed,
  onClose,
}: {
  owner: TokenOwner;
  choices: readonly Noun[];
  fixed?: readonly string[] | undefined;
  onClose: () => void;
}) {
  const [text, setText] = useState<string | null>(null);
  const [scopes, setScopes] = useState<string[]>(fixed ? [...fixed] : []);
  const [scopeError, setScopeError] = useState<string>();
  const { register, handleSubmit, watch, formState, setError } = useForm<Words>({
    defaultValues: { name: '', lifetime: '30', date: '' },
  });
  const submit = handleSubmit(async ({ name, lifetime, date }) => {
    if (scopes.length === 0) {
      setScopeError(t('Choose what the token may do.'));
      return;
    }
    try {
      const issued = await issueToken(owner, { name, scopes, expires_at: expiry(lifetime, date) });
      setText(issued.token);
      await queryClient.invalidateQueries({ queryKey: tokensQuery(owner).queryKey });
    } catch (error) {
      const problem = error instanceof Problem ? error : undefined;
      const scope = problem?.errors.find(({ pointer }) => pointer.startsWith('/scopes'));
      setScopeError(scope?.detail);
      const late = problem?.fieldError('expires_at');
      if (late) setError(lifetime === 'date' ? 'date' : 'lifetime', { message: late });
      else if (!scope || fixed) setError('name', { message: problem?.fieldError('name') ?? describe(error) });
    }
  });
  if (text !== null) return <ShownOnce text={text} onClose={onClose} />;
  const { errors } = formState;
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      <TextField
        label={t('Name')}
        placeholder={t('Nightly report')}
        error={errors.name?.message}
        {...register('name', { required: t('Say what the token is for.') })}
      />
      {!fixed && (
        <ScopeField
          label={t('What it may do')}
          hint={t('It never does more than you may do yourself, now and later.')}
          error={scopeError}
          choices={choices}
          value={scopes}
          onChange={(next) => {
            setScopes(next);
            setScopeError(undefined);
          }}
        />
      )}
      <div className="flex flex-wrap gap-4">
        <SelectField
          label={t('Works for')}
          wrapperClassName="min-w-40 flex-1"
          error={errors.lifetime?.message}
          {...register('lifetime')}
        >
          <option value="1">{t('1 day')}</option>
          <option value="7">{t('7 days')}</option>
          <option value="30">{t('30 days')}</option>
          <option value="90">{t('90 days')}</option>
          <option value="date">{t('Until a date')}</option>
        </SelectField>
        {watch('lifetime') === 'date' && (
          <TextField
            label={t('Last day')}
            type="date"
            wrapperClassName="min-w-40 flex-1"
            error={errors.date?.message}
            {...register('date', { required: t('Choose a day.') })}
          />
        )}
      </div>
      <div className="mt-2 flex justify-end gap-2">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="primary" busy={formState.isSubmitting}>
          {t('Create token')}
        </Button>
      </div>
    </form>
  );
}

function ShownOnce({ text, onClose }: { text: string; onClose: () => void }) {
  const [copied, copy] = useCopied();
  return (
    <div className="grid gap-4">
      <Notice tone="warn" icon={<KeyRound size={17} />}>
        {t('Copy the token now. It is shown this once; nobody can read it again, only replace it.')}
      </Notice>
      <textarea
        readOnly
        value={text}
        rows={5}
        className="field mono resize-none break-all text-sm"
        aria-label={t('Token')}
        onFocus={(event) => event.target.select()}
      />
      <div className="flex justify-end gap-2">
        <Button variant="outline" onClick={() => copy(text)}>
          {copied ? t('Copied') : t('Copy token')}
        </Button>
        <Button variant="primary" onClick={onClose}>
          {t('Done')}
        </Button>
      </div>
    </div>
  );
}
