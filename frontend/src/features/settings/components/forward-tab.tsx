/** Where the organisation's audit log is sent on to, such as a SIEM, and how far it came. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '@/api/client';
import { describe, Problem } from '@/api/problem';
import { queryClient } from '@/api/queries';
import type { Me } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { SelectField, TextField } from '@/components/ui/field';
import { ErrorState, SkeletonRows } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { Section } from './section';

interface Words {
  endpoint: string;
  credential: 'bearer' | 'hmac';
  secret: string;
}

interface Forward {
  endpoint: string;
  credential: 'bearer' | 'hmac';
  enabled: boolean;
  sent_seq: number;
  sent_at?: string | null;
  waiting: number;
  error?: string | null;
  failures: number;
}

export function ForwardTab({ me }: { me: Me }) {
  const path = `/api/v1/orgs/${me.organization.id}/audit/forward` as const;
  const key = ['audit-forward', me.organization.id];
  const { data, error, isPending, refetch } = useQuery({
    queryKey: key,
    queryFn: () => api.get(path),
    refetchInterval: 5_000,
  });
  if (isPending) return <SkeletonRows rows={4} className="py-4" />;
  if (error) {
    return (
      <ErrorState
        title={t('The log forwarding could not be loaded')}
        error={error}
        onRetry={() => refetch()}
      />
    );
  }
  const forward: Forward | null = data.forward ?? null;
  return (
    <div>
      {forward && <State forward={forward} />}
      <ForwardForm
        key={forward ? `${forward.endpoint} ${forward.credential} ${forward.enabled}` : 'new'}
        path={path}
        forward={forward}
        onSaved={() => queryClient.invalidateQueries({ queryKey: key })}
      />
    </div>
  );
}

function State({ forward }: { forward: Forward }) {
  return (
    <Section title={t('How it stands')}>
      <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-[10rem_minmax(0,1fr)]">
        <dt className="text-text-3">{t('Last sent')}</dt>
        <dd>{forward.sent_at ? new Date(forward.sent_at).toLocaleString() : t('nothing yet')}</dd>
        <dt className="text-text-3">{t('Entries that wait')}</dt>
        <dd>{forward.waiting}</dd>
        {forward.error && (
          <>
            <dt className="text-text-3">{t('Last error')}</dt>
            <dd className="flex flex-wrap items-center gap-2">
              <Status tone="warn">{t('{{count}} failures in a row', { count: forward.failures })}</Status>
              {forward.error}
            </dd>
          </>
        )}
      </dl>
    </Section>
  );
}

function ForwardForm({
  path,
  forward,
  onSaved,
}: {
  path: `/api/v1/orgs/${string}/audit/forward`;
  forward: Forward | null;
  onSaved: () => Promise<void>;
}) {
  const [enabled, setEnabled] = useState(forward?.enabled ?? true);
  const [whole, setWhole] = useState(false);
  const [doomed, setDoomed] = useState(false);
  const { register, handleSubmit, formState, setError } = useForm<Words>({
    defaultValues: {
      endpoint: forward?.endpoint ?? '',
      credential: forward?.credential ?? 'hmac',
      secret: '',
    },
  });
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async ({ secret, ...words }) => {
    try {
      await api.put(path, { ...words, enabled, from_beginning: whole, ...(secret ? { secret } : {}) });
      toast.success(t('Saved'));
      await onSaved();
    } catch (error) {
      const fields = ['endpoint', 'secret'] as const;
      const faulty = fields.filter((field) => error instanceof Problem && error.fieldError(field));
      for (const field of faulty) {
        setError(field, { message: error instanceof Problem ? error.fieldError(field) : undefined });
      }
      if (faulty.length === 0) setError('endpoint', { message: describe(error) });
    }
  });
  return (
    <Section
      title={t('Send the audit log on')}
      lead={t('Sealed entries go there by POST, one JSON object a line, in order and each at least once.')}
    >
      <form className="grid gap-4" onSubmit={submit} noValidate>
        <TextField
          label={t('Address')}
          type="url"
          placeholder="https://siem.example.com/ingest"
          error={errors.endpoint?.message}
          {...register('endpoint', { required: t('Enter the address.') })}
        />
        <SelectField label={t('Proof')} {...register('credential')} wrapperClassName="max-w-md">
          <option value="hmac">{t('Signature (Standard Webhooks, HMAC-SHA-256)')}</option>
          <option value="bearer">{t('Bearer secret')}</option>
        </SelectField>
        <TextField
          label={t('Secret')}
          type="password"
          autoComplete="off"
          hint={
            forward
              ? t('Leave empty to keep the stored one.')
              : t('16 characters at least. Stored encrypted.')
          }
          error={errors.secret?.message}
          {...register('secret')}
        />
        {!forward && (
          <Switch
            label={t('Begin with the oldest entry')}
            hint={t('Off: with the next one.')}
            checked={whole}
            onChange={setWhole}
          />
        )}
        <Switch label={t('Switched on')} checked={enabled} onChange={setEnabled} />
        <div className="flex flex-wrap gap-2">
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {t('Save')}
          </Button>
          {forward && (
            <Button variant="outline" danger onClick={() => setDoomed(true)}>
              {t('Stop sending')}
            </Button>
          )}
        </div>
      </form>
      <ConfirmDialog
        open={doomed}
        onClose={() => setDoomed(false)}
        title={t('Stop sending the audit log?')}
        description={t('The address and its secret are forgotten. Sending again begins anew.')}
        confirm={t('Stop sending')}
        onConfirm={async () => {
          try {
            await api.delete(path);
          } catch (problem) {
            toast.error(describe(problem));
          }
          await onSaved();
        }}
      />
    </Section>
  );
}
