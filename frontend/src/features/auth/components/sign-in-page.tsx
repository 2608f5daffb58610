/** Sign-in. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { describe, Problem } from '@/api/problem';
import { setupQuery } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import { safeReturn, signIn } from '../session';
import { AuthFrame, FormError } from './auth-frame';
import { ProviderButtons, providerProblem } from './provider-buttons';

interface Words {
  email: string;
  password: string;
  otp: string;
}

export function SignInPage({
  returnTo,
  problem,
  onDone,
}: {
  returnTo: string | undefined;
  /** Why signing in with a provider did not work, as the server's code. */
  problem?: string | undefined;
  onDone: (path: string) => void;
}) {
  const { data: status } = useQuery(setupQuery);
  const [asked, setAsked] = useState(false);
  const { register, handleSubmit, formState, setError, setFocus, resetField } = useForm<Words>({
    defaultValues: { email: '', password: '', otp: '' },
  });
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async ({ otp, ...words }) => {
    try {
      await signIn(asked ? { ...words, otp } : words);
      onDone(safeReturn(returnTo));
    } catch (error) {
      if (error instanceof Problem && error.code === 'otp_required') {
        setAsked(true);
        return;
      }
      if (error instanceof Problem && error.code === 'otp_invalid') {
        setError('otp', { message: t('This code is wrong or was used before. Wait for the next one.') });
        setFocus('otp', { shouldSelect: true });
        return;
      }
      setAsked(false);
      resetField('otp');
      const wrong = error instanceof Problem && error.status === 401;
      setError('root', {
        message: wrong ? t('That e-mail address and password do not belong together.') : describe(error),
      });
      setFocus('password', { shouldSelect: true });
    }
  });
  if (asked) {
    return (
      <AuthFrame
        title={t('Enter your code')}
        lead={t('Open your authenticator app and enter the code that it shows.')}
        hint={status?.https_required_hint}
      >
        <form className="grid gap-4" onSubmit={submit} noValidate>
          <TextField
            key="otp"
            label={t('Code')}
            autoComplete="one-time-code"
            inputMode="text"
            autoFocus
            className="mono"
            hint={t('No phone at hand? A recovery code works too, once.')}
            error={errors.otp?.message}
            {...register('otp', { required: t('Enter the code.') })}
          />
          <Button type="submit" variant="primary" size="lg" className="mt-2" busy={isSubmitting}>
            {t('Sign in')}
          </Button>
          <Button
            className="text-sm text-text-2"
            onClick={() => {
              setAsked(false);
              resetField('otp');
            }}
          >
            {t('Back')}
          </Button>
        </form>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title={t('Sign in')} lead={t('Welcome back.')} hint={status?.https_required_hint}>
      <form className="grid gap-4" onSubmit={submit} noValidate>
        <FormError message={errors.root?.message ?? providerProblem(problem)} />
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
      <ProviderButtons returnTo={returnTo} />
      {status?.needs_setup && (
        <p className="mt-5 text-sm text-text-3">
          {t('This server has no account yet. Open the set-up link that it printed when it started.')}
        </p>
      )}
    </AuthFrame>
  );
}
