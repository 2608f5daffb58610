/** Accepting an invitation: choose a password, and be in. */
import { useForm } from 'react-hook-form';
import { describe } from '@/api/problem';
import { Button } from '@/components/ui/button';
import { TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import { acceptInvite } from '../session';
import { AuthFrame, FormError } from './auth-frame';

export function InvitePage({ token, onDone }: { token: string | undefined; onDone: () => void }) {
  const { register, handleSubmit, formState, setError } = useForm<{ name: string; password: string }>();
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async ({ name, password }) => {
    try {
      await acceptInvite({ token: token ?? '', password, ...(name.trim() ? { name: name.trim() } : {}) });
      onDone();
    } catch (error) {
      setError('root', { message: describe(error) });
    }
  });
  if (!token) {
    return (
      <AuthFrame title={t('Invitation')} lead={t('This link is not complete.')}>
        <p className="text-sm text-text-3">
          {t('Copy the whole link from your invitation and open it again.')}
        </p>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title={t('Join your team')} lead={t('Choose a password to accept the invitation.')}>
      <form className="grid gap-4" onSubmit={submit} noValidate>
        <FormError message={errors.root?.message} />
        <TextField label={t('Your name')} autoComplete="name" {...register('name')} />
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
          {t('Join')}
        </Button>
      </form>
    </AuthFrame>
  );
}
