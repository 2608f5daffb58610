/** Taking away what is one's own: asked for by password and second factor, kept by the browser as a file. */
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { raw } from '@/api/client';
import { describe, Problem } from '@/api/problem';
import type { Me } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';

interface Answers {
  password: string;
  code: string;
}

/** Fetches the file and hands it to the browser. */
async function take(proof: Partial<Answers>): Promise<void> {
  const response = await raw('POST', '/api/auth/export', { body: proof });
  const named = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = named ?? 'my-data.jsonl';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function ExportAccount({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button variant="outline" className="justify-self-start" onClick={() => setOpen(true)}>
        {t('Download my data')}
      </Button>
      <Dialog
        open={open}
        onClose={close}
        title={t('Download your data?')}
        description={t(
          'Everything that is yours in every organisation: account, chats, files by their address, agents, workflows, servers, runs. Passwords and keys are not in it.',
        )}
      >
        <Question me={me} onClose={close} />
      </Dialog>
    </>
  );
}

function Question({ me, onClose }: { me: Me; onClose: () => void }) {
  const { register, handleSubmit, formState, setError } = useForm<Answers>({
    defaultValues: { password: '', code: '' },
  });
  const { errors } = formState;
  const submit = handleSubmit(async ({ password, code }) => {
    try {
      await take({ ...(password && { password }), ...(code && { code }) });
      toast.success(t('Your data is in your downloads.'));
      onClose();
    } catch (error) {
      for (const field of ['password', 'code'] as const) {
        const fault = error instanceof Problem ? error.fieldError(field) : undefined;
        if (fault) return setError(field, { message: fault });
      }
      setError('root', { message: describe(error) });
    }
  });
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      {errors.root && <Notice tone="err">{errors.root.message}</Notice>}
      <TextField
        label={t('Your password')}
        type="password"
        autoComplete="current-password"
        error={errors.password?.message}
        {...register('password')}
      />
      {me.user.mfa_enabled && (
        <TextField
          label={t('Code')}
          autoComplete="one-time-code"
          className="mono"
          hint={t('Of the app, or a recovery code.')}
          error={errors.code?.message}
          {...register('code')}
        />
      )}
      <div className="mt-2 flex justify-end gap-2">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="primary" busy={formState.isSubmitting}>
          {t('Download')}
        </Button>
      </div>
    </form>
  );
}
