/** The first account, and the organisation it belongs to. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { describe, Problem } from '@/api/problem';
import { setupQuery } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import { setUp } from '../session';
import { AuthFrame, FormError } from './auth-frame';

interface Words {
  name: string;
  organization_name: string;
  email: string;
  password: string;
}

const fields = ['name', 'organization_name', 'email', 'password'] as const;

export function SetupPage({ token, onDone }: { token: string | undefined; onDone: () => void }) {
  const { data: status } = useQuery(setupQuery);
  const { register, handleSubmit, formState, setError } = useForm<Words>();
  const { errors, isSubmitting } = formState;

  if (status && !status.needs_setup) {
    return (
      <AuthFrame title={t('Already set up')} lead={t('This server has its first account.')}>
        <Link to="/sign-in" className="btn pri lg w-full">
          {t('Sign in')}
        </Link>
      </AuthFrame>
    );
  }
  if (!token) {
    return (
      <AuthFrame
        title={t('Set up Conductor')}
        lead={t('Open the set-up link that the server printed when it started; it carries a one-time token.')}
      >
        <p className="text-sm text-text-3">
          {t('The link was printed after “set up:”. Starting the server again prints a new one.')}
        </p>
      </AuthFrame>
    );
  }

  const submit = handleSubmit(async (words) => {
    try {
      await setUp({ token, ...words });
      onDone();
    } catch (error) {
      let placed = false;
      for (const field of error instanceof Problem ? fields : []) {
        const message = (error as Problem).fieldError(field);
        if (!message) continue;
        setError(field, { message });
        placed = true;
      }
      if (!placed) setError('root', { message: describe(error) });
    }
  });

  return (
    <AuthFrame
      title={t('Set up Conductor')}
      lead={t('Create the first account. It administers this server.')}
      hint={status?.https_required_hint}
    >
      <form className="grid gap-4" onSubmit={submit} noValidate>
        <FormError message={errors.root?.message} />
        <TextField
          label={t('Your name')}
          autoComplete="name"
          autoFocus
          error={errors.name?.message}
          {...register('name', { required: t('Enter your name.') })}
        />
        <TextField
          label={t('Organisation')}
          autoComplete="organization"
          hint={t('The team that will work here. People you invite join it.')}
          error={errors.organization_name?.message}
          {...register('organization_name', { required: t('Name the organisation.') })}
        />
        <TextField
          label={t('E-mail')}
          type="email"
          autoComplete="username"
          error={errors.email?.message}
          {...register('email', { required: t('Enter your e-mail address.') })}
        />
        <TextField
          label={t('Password')}
          type="password"
          autoComplete="new-password"
          hint={t('At least 12 characters.')}
          error={errors.password?.message}
          {...register('password', {
            required: t('Choose a password.'),
            minLength: { value: 12, message: t('Use at least 12 characters.') },
          })}
        />
        <Button type="submit" variant="primary" size="lg" className="mt-2" busy={isSubmitting}>
          {t('Create account')}
        </Button>
      </form>
    </AuthFrame>
  );
}
