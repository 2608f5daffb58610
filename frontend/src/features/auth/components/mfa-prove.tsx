/** Password and code, before the second factor is changed. */
import { useForm } from 'react-hook-form';
import { describe, Problem } from '@/api/problem';
import { Button } from '@/components/ui/button';
import { TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';

export interface Proof {
  password: string;
  code: string;
}

export function MfaProve({
  lead,
  confirm,
  danger,
  onProof,
  onCancel,
}: {
  lead: string;
  confirm: string;
  danger?: boolean;
  onProof: (proof: Proof) => Promise<void>;
  onCancel: () => void;
}) {
  const { register, handleSubmit, formState, setError } = useForm<Proof>({
    defaultValues: { password: '', code: '' },
  });
  const submit = handleSubmit(async (proof) => {
    try {
      await onProof(proof);
    } catch (error) {
      const problem = error instanceof Problem ? error : undefined;
      const field = problem?.fieldError('password') ? 'password' : 'code';
      setError(field, { message: problem?.fieldError(field) ?? describe(error) });
    }
  });
  const { errors } = formState;
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      <p className="text-text-2">{lead}</p>
      <TextField
        label={t('Password')}
        type="password"
        autoComplete="current-password"
        error={errors.password?.message}
        {...register('password', { required: t('Enter your password.') })}
      />
      <TextField
        label={t('Code')}
        autoComplete="one-time-code"
        className="mono"
        hint={t('Of the app, or a recovery code.')}
        error={errors.code?.message}
        {...register('code', { required: t('Enter a code.') })}
      />
      <div className="mt-2 flex justify-end gap-2">
        <Button variant="outline" onClick={onCancel}>
          {t('Cancel')}
        </Button>
        <Button
          type="submit"
          variant={danger ? 'outline' : 'primary'}
          danger={danger}
          busy={formState.isSubmitting}
        >
          {confirm}
        </Button>
      </div>
    </form>
  );
}
