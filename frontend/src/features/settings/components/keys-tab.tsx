/** Keys of model providers: added, listed by their last four characters, removed. */
import { useQuery } from '@tanstack/react-query';
import { KeyRound, Plus, RotateCw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '@/api/client';
import { describe, Problem } from '@/api/problem';
import { meQuery, queryClient } from '@/api/queries';
import type { Me, ProviderKey, ProviderName } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { ConfirmDialog, Dialog } from '@/components/ui/dialog';
import { SelectField, TextField } from '@/components/ui/field';
import { EmptyState, ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';
import { covers } from '@/lib/permissions';
import { toast } from '@/lib/toast';
import { keysQuery } from '../queries';

const providers: Record<ProviderName, string> = {
  anthropic: 'Anthropic',
  openai: 'OpenAI',
  azure: 'Azure OpenAI',
  openai_compatible: 'OpenAI-compatible server',
};

interface Words {
  provider: ProviderName;
  key_name: string;
  api_key: string;
  base_url: string;
  models: string;
}

async function refresh(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: keysQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: ['models'] }),
  ]);
}

function AddKey({ onClose }: { onClose: () => void }) {
  const { register, handleSubmit, watch, formState, setError } = useForm<Words>({
    defaultValues: { provider: 'openai', key_name: '', api_key: '', base_url: '', models: '' },
  });
  const provider = watch('provider');
  const needsUrl = provider === 'azure' || provider === 'openai_compatible';
  const submit = handleSubmit(async (words) => {
    const models = words.models.split(/[\s,]+/).filter(Boolean);
    try {
      await api.post('/api/settings/api-keys', {
        provider: words.provider,
        key_name: words.key_name || providers[words.provider],
        api_key: words.api_key,
        ...(words.base_url ? { base_url: words.base_url } : {}),
        ...(models.length > 0 ? { models } : {}),
      });
      await refresh();
      toast.success(t('The key is stored. Its models can be chosen now.'));
      onClose();
    } catch (error) {
      const field = error instanceof Problem && error.fieldError('base_url') ? 'base_url' : 'api_key';
      setError(field, { message: describe(error) });
    }
  });
  const { errors } = formState;
  return (
    <form className="grid gap-4" onSubmit={submit}>
      <SelectField label={t('Provider')} {...register('provider')}>
        {Object.entries(providers).map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <TextField label={t('Name')} placeholder={providers[provider]} {...register('key_name')} />
      {needsUrl && (
        <TextField
          label={t('Address')}
          type="url"
          placeholder={provider === 'azure' ? 'https://name.openai.azure.com' : 'https://models.example/v1'}
          error={errors.base_url?.message}
          {...register('base_url', { required: t('Enter the address of the server.') })}
        />
      )}
      <TextField
        label={t('Key')}
        type="password"
        autoComplete="off"
        spellCheck={false}
        hint={t('Stored encrypted; nobody can read it again, only replace it.')}
        error={errors.api_key?.message}
        {...register('api_key', { required: t('Paste the key.') })}
      />
      {needsUrl && (
        <TextField
          label={t('Models')}
          hint={t('Names the server offers, separated by commas. Leave empty to ask it.')}
          {...register('models')}
        />
      )}
      <div className="mt-2 flex justify-end gap-2">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="primary" busy={formState.isSubmitting}>
          {t('Add key')}
        </Button>
      </div>
    </form>
  );
}

function RotateKey({ provided, onClose }: { provided: ProviderKey; onClose: () => void }) {
  const { register, handleSubmit, formState, setError } = useForm({ defaultValues: { api_key: '' } });
  const submit = handleSubmit(async (body) => {
    try {
      await api.post(`/api/settings/api-keys/${provided.id}/rotate`, body);
      await refresh();
      toast.success(t('The key has its new value.'));
      onClose();
    } catch (error) {
      const message = (error instanceof Problem && error.fieldError('api_key')) || describe(error);
      setError('api_key', { message });
    }
  });
  return (
    <form className="grid gap-4" onSubmit={submit}>
      <p className="text-text-2">
        {t('Make a new key at the provider, paste it here, then delete the old one there.')}
      </p>
      <TextField
        label={t('New key')}
        type="password"
        autoComplete="off"
        spellCheck={false}
        autoFocus
        error={formState.errors.api_key?.message}
        {...register('api_key', { required: t('Paste the key.') })}
      />
      <div className="mt-2 flex justify-end gap-2">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="primary" busy={formState.isSubmitting}>
          {t('Replace key')}
        </Button>
      </div>
    </form>
  );
}

const ages = [30, 60, 90, 180, 365];

function MaxAge({ me }: { me: Me }) {
  const days = me.organization.key_max_age_days ?? null;
  const choices = days === null || ages.includes(days) ? ages : [...ages, days].sort((a, b) => a - b);
  const set = async (value: string) => {
    try {
      await api.patch(`/api/v1/orgs/${me.organization.id}`, {
        key_max_age_days: value ? Number(value) : null,
      });
    } catch (error) {
      toast.error(describe(error));
    }
    await Promise.all([queryClient.invalidateQueries({ queryKey: meQuery.queryKey }), refresh()]);
  };
  return (
    <SelectField
      label={t('Remind members of {{name}} to replace keys', { name: me.organization.name })}
      value={days ?? ''}
      onChange={(event) => void set(event.target.value)}
      wrapperClassName="max-w-sm"
    >
      <option value="">{t('never')}</option>
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {t('after {{count}} days', { count: choice })}
        </option>
      ))}
    </SelectField>
  );
}

export function KeysTab({ me }: { me: Me }) {
  const { data, error, isPending, refetch } = useQuery(keysQuery);
  const [adding, setAdding] = useState(false);
  const [doomed, setDoomed] = useState<ProviderKey | null>(null);
  const [rotating, setRotating] = useState<ProviderKey | null>(null);
  const keys = data?.items ?? [];
  const due = keys.filter((key) => key.rotation_due).length;
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-4">
        <p className="min-w-0 flex-1 basis-72 text-text-2">
          {t(
            'Conductor talks to models with these keys. Keys set in the server’s environment are not listed.',
          )}
        </p>
        <Button variant="primary" onClick={() => setAdding(true)}>
          <Plus size={16} />
          {t('Add key')}
        </Button>
      </div>
      {due > 0 && (
        <Notice tone="warn" icon={<RotateCw size={17} />}>
          {t('{{count}} keys are older than your organisation wants. Replace them.', { count: due })}
        </Notice>
      )}
      {isPending ? (
        <SkeletonRows rows={3} className="py-4" />
      ) : error ? (
        <ErrorState title={t('The keys could not be loaded')} error={error} onRetry={() => refetch()} />
      ) : keys.length === 0 ? (
        <div className="card">
          <EmptyState icon={<KeyRound />} title={t('No keys yet')}>
            {t('Add one to choose its models in the chat. Until then the built-in demo model answers.')}
          </EmptyState>
        </div>
      ) : (
        <ul className="card rows">
          {keys.map((key) => (
            <li key={key.id} className="flex items-center gap-3 px-4 py-3">
              <span className="tile size-9! rounded-md!">
                <KeyRound size={18} />
              </span>
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">{key.key_name}</span>
                <span className="block text-sm text-text-3">
                  {providers[key.provider as ProviderName] ?? key.provider} ·{' '}
                  <span className="mono">…{key.last_four}</span>
                  {` · ${key.age_days === 0 ? t('from today') : t('{{count}} days old', { count: key.age_days })}`}
                  {key.version > 1 && ` · ${t('version {{version}}', { version: key.version })}`}
                  {key.last_used_at && ` · ${t('used {{when}}', { when: ago(key.last_used_at) })}`}
                </span>
              </span>
              {key.rotation_due && <Status tone="warn">{t('Replace')}</Status>}
              <IconButton
                label={t('Replace {{name}}', { name: key.key_name })}
                onClick={() => setRotating(key)}
              >
                <RotateCw size={17} />
              </IconButton>
              <IconButton label={t('Remove {{name}}', { name: key.key_name })} onClick={() => setDoomed(key)}>
                <Trash2 size={17} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      {covers(me.permissions, 'organization.update') && !me.organization.is_personal && <MaxAge me={me} />}
      <Dialog
        open={rotating !== null}
        onClose={() => setRotating(null)}
        title={t('Replace {{name}}', { name: rotating?.key_name })}
      >
        {rotating && <RotateKey provided={rotating} onClose={() => setRotating(null)} />}
      </Dialog>
      <Dialog open={adding} onClose={() => setAdding(false)} title={t('Add a provider key')}>
        <AddKey onClose={() => setAdding(false)} />
      </Dialog>
      <ConfirmDialog
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        title={t('Remove this key?')}
        description={t('Chats that use its models fall back to another one.')}
        confirm={t('Remove')}
        onConfirm={async () => {
          try {
            await api.delete(`/api/settings/api-keys/${doomed?.id}`);
            await refresh();
          } catch (problem) {
            toast.error(describe(problem));
          }
        }}
      />
    </div>
  );
}
