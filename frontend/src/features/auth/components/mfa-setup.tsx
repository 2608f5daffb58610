/** Sets a second factor up: the password, the QR code with a first code, the recovery codes. */
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '@/api/client';
import { describe, Problem } from '@/api/problem';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import { QrCode } from './qr-code';
import { RecoveryCodes } from './recovery-codes';

interface Begun {
  secret: string;
  otpauth_uri: string;
}

export function MfaSetup({ onDone, onCancel }: { onDone: () => void; onCancel?: () => void }) {
  const [begun, setBegun] = useState<Begun>();
  const [codes, setCodes] = useState<string[]>();
  if (codes) return <RecoveryCodes codes={codes} onDone={onDone} />;
  if (begun) return <Confirm begun={begun} onCodes={setCodes} onCancel={onCancel} />;
  return <Begin onBegun={setBegun} onCancel={onCancel} />;
}

function Begin({
  onBegun,
  onCancel,
}: {
  onBegun: (begun: Begun) => void;
  onCancel: (() => void) | undefined;
}) {
  const { register, handleSubmit, formState, setError } = useForm({ defaultValues: { password: '' } });
  const submit = handleSubmit(async (words) => {
    try {
      onBegun(await api.post('/api/auth/mfa', words));
    } catch (error) {
      const wrong = error instanceof Problem && error.fieldError('password');
      setError('password', { message: wrong || describe(error) });
    }
  });
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      <p className="text-text-2">
        {t(
          'You need an authenticator app on your phone. First, confirm that it is you with your present password.',
        )}
      </p>
      <TextField
        label={t('Password')}
        type="password"
        autoComplete="current-password"
        error={formState.errors.password?.message}
        {...register('password', { required: t('Enter your password.') })}
      />
      <Buttons busy={formState.isSubmitting} confirm={t('Continue')} onCancel={onCancel} />
    </form>
  );
}

function Confirm({
  begun,
  onCodes,
  onCancel,
}: {
  begun: Begun;
  onCodes: (codes: string[]) => void;
  onCancel: (() => void) | undefined;
}) {
  const { register, handleSubmit, formState, setError } = useForm({ defaultValues: { code: '' } });
  const submit = handleSubmit(async (words) => {
    try {
      onCodes((await api.post('/api/auth/mfa/confirm', words)).recovery_codes);
    } catch (error) {
      const wrong = error instanceof Problem && error.fieldError('code');
      setError('code', { message: wrong || describe(error) });
    }
  });
  const spaced = begun.secret.replace(/(.{4})(?=.)/g, '$1 ');
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      <p className="text-text-2">{t('Scan this with the app, then enter the code that it shows.')}</p>
      <div className="flex flex-wrap items-start gap-5">
        <QrCode text={begun.otpauth_uri} label={t('QR code for the authenticator app')} />
        <div className="min-w-0 flex-1 basis-48">
          <p className="text-sm text-text-3">{t('If it cannot be scanned, type this into the app:')}</p>
          <p className="mt-2 flex items-start gap-1">
            <span className="mono min-w-0 break-words text-sm">{spaced}</span>
            <CopyButton text={begun.secret} label={t('Copy secret')} />
          </p>
        </div>
      </div>
      <TextField
        label={t('Code')}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={10}
        className="mono"
        error={formState.errors.code?.message}
        {...register('code', { required: t('Enter the six digits that the app shows.') })}
      />
      <Buttons busy={formState.isSubmitting} confirm={t('Switch on')} onCancel={onCancel} />
    </form>
  );
}

function Buttons({
  busy,
  confirm,
  onCancel,
}: {
  busy: boolean;
  confirm: string;
  onCancel: (() => void) | undefined;
}) {
  return (
    <div className="mt-2 flex justify-end gap-2">
      {onCancel && (
        <Button variant="outline" onClick={onCancel}>
          {t('Cancel')}
        </Button>
      )}
      <Button type="submit" variant="primary" busy={busy}>
        {confirm}
      </Button>
    </div>
  );
}
