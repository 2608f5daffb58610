/** The keys that secrets are sealed under, for administrators of the platform: where they stand, and their rotation. */
import { useQuery } from '@tanstack/react-query';
import { KeyRound, RotateCw, ShieldCheck, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { queryClient } from '@/api/queries';
import type { SecretKeys } from '@/api/types';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { secretKeysQuery } from '../queries';
import { Section } from './section';

const kinds: Record<string, string> = { local: 'File or environment', aws_kms: 'AWS KMS' };

export function EncryptionTab() {
  const { data, error, isPending, refetch } = useQuery(secretKeysQuery);
  const [asking, setAsking] = useState(false);
  if (isPending) return <SkeletonRows rows={4} className="py-4" />;
  if (error) {
    return <ErrorState title={t('The keys could not be loaded')} error={error} onRetry={() => refetch()} />;
  }
  const running = data.rotation?.status === 'running';
  return (
    <div>
      <Section
        title={t('Master key')}
        lead={t('Wraps the keys of organisations. It lies outside the database and is never shown.')}
      >
        <div className="card flex items-center gap-3 px-4 py-3">
          <span className="tile size-9! rounded-md!">
            <KeyRound size={18} />
          </span>
          <span className="min-w-0 flex-1">
            <span className="block font-medium">
              {t(kinds[data.master_key.kind] ?? data.master_key.kind)}
            </span>
            <span className="mono block truncate text-sm text-text-3">{data.master_key.id}</span>
          </span>
        </div>
        <State keys={data} />
      </Section>
      <Section
        title={t('Rotation')}
        lead={t('Gives every organisation a new key under the master key. Nothing is interrupted meanwhile.')}
      >
        {running ? <Progress keys={data} /> : <Last keys={data} />}
        <Button
          variant="outline"
          className="justify-self-start"
          disabled={running}
          onClick={() => setAsking(true)}
        >
          <RotateCw size={16} />
          {t('Rotate keys')}
        </Button>
      </Section>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('Rotate the keys of all organisations?')}
        description={t(
          'To leave an old master key behind, first start the server with the new one and the old one beside it. Secrets stay readable the whole time.',
        )}
        confirm={t('Rotate keys')}
        danger={false}
        onConfirm={async () => {
          try {
            const begun = await api.post('/api/v1/secret-keys/rotate');
            queryClient.setQueryData(secretKeysQuery.queryKey, begun);
          } catch (problem) {
            toast.error(describe(problem));
          }
        }}
      />
    </div>
  );
}

function State({ keys }: { keys: SecretKeys }) {
  const left = keys.secrets - keys.secrets_current;
  if (keys.rotation?.status === 'running') return null;
  return left > 0 || keys.tenant_keys > keys.tenant_keys_current ? (
    <Notice tone="warn" icon={<TriangleAlert size={17} />}>
      {t('{{count}} secrets are still under an older key. Rotate the keys before you take it away.', {
        count: left,
      })}
    </Notice>
  ) : (
    <Notice tone="ok" icon={<ShieldCheck size={17} />}>
      {t('{{count}} secrets are under the current key.', { count: keys.secrets })}
    </Notice>
  );
}

function Progress({ keys }: { keys: SecretKeys }) {
  const all = Math.max(1, keys.secrets);
  const text = t('{{done}} of {{all}} secrets moved', { done: keys.secrets_current, all: keys.secrets });
  const waiting = keys.secrets === keys.secrets_current && keys.tenant_keys === keys.tenant_keys_current;
  return (
    <div className="grid gap-2">
      <progress className="meter" max={all} value={keys.secrets_current} aria-label={text} />
      <p className="text-sm text-text-2" aria-live="polite">
        {waiting ? t('All moved. The old keys are forgotten in a minute.') : text}
      </p>
    </div>
  );
}

function Last({ keys }: { keys: SecretKeys }) {
  const { rotation } = keys;
  if (!rotation?.finished_at) return <p className="text-sm text-text-3">{t('There was none yet.')}</p>;
  return (
    <>
      <p className="text-sm text-text-2">
        {t('The last one ended on {{when}}.', { when: dateTime(rotation.finished_at) })}
      </p>
      {rotation.failed > 0 && (
        <Notice tone="warn" icon={<TriangleAlert size={17} />}>
          {t('{{count}} secrets could not be opened and were left as they are. The log names them.', {
            count: rotation.failed,
          })}
        </Notice>
      )}
    </>
  );
}
