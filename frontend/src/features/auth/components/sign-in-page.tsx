/** Sign-in. */
import { useQuery } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { describe, Problem } from '@/api/problem';
import { setupQuery } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import { safeReturn, signIn } from '../session';
import { AuthFrame, FormError } from './auth-frame';

interface Words {
  email: string;
  password: string;
}

export function SignInPage({
  returnTo,
  onDone,
}: {
  returnTo: string | undefined;
  onDone: (path: string) => void;
}) {
  const { data: status } = useQuery(setupQuery);
  const { register, handleSubmit, formState, setError, setFocus } = useForm<Words>();
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async (words) => {
    try {
      await signIn(words);
      onDone(safeReturn(returnTo));
    } catch (error) {
      const wrong = error instanceof Problem && error.status === 401;
      setError('root', {
        message: wrong ? t('That e-mail address and password do not belong together.') : describe(error),
      });
      setFocus('password', { shouldSelect: true });
    }
  });
  return (
    <AuthFrame title={t('Sign in')} lead={t('Welcome back.')} hint={status?.https_required_hint}>
      <form className="grid gap-4" onSubmit={submit} noValidate>
        <FormError message={errors.root?.message} />
        <TextField
          label={t('E-mail')}
          type="email"
          autoComplete="username"
          inputMode="email"
          autoFocus
          error={errors.email?.message}
          {...register('email', { required: t('Enter your e-mail address.') })}
        />
        <TextField
          label={t('Password')}
          type="password"
          autoComplete="current-password"
          error={errors.password?.message}
          {...register('password', { required: t('Enter your password.') })}
        />
        <Button type="submit" variant="primary" size="lg" className="mt-2" busy={isSubmitting}>
          {t('Sign in')}
        </Button>
      </form>
      {status?.needs_setup && (
        <p className="mt-5 text-sm text-text-3">
          {t('This server has no account yet. Open the set-up link that it printed when it started.')}
        </p>
      )}
    </AuthFrame>
  );
}
