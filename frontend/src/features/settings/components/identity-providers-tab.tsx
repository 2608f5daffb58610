/** The providers that people sign in with, for administrators of the platform: entered, changed, removed. */
import { useQuery } from '@tanstack/react-query';
import { Fingerprint, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { queryClient, signInProvidersQuery } from '@/api/queries';
import type { IdentityProvider } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { ConfirmDialog, Dialog } from '@/components/ui/dialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { identityProvidersQuery } from '../queries';
import { IdentityProviderForm } from './identity-provider-form';

async function refresh(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: identityProvidersQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: signInProvidersQuery.queryKey }),
  ]);
}

export function IdentityProvidersTab() {
  const { data, error, isPending, refetch } = useQuery(identityProvidersQuery);
  const [editing, setEditing] = useState<IdentityProvider | 'new' | null>(null);
  const [doomed, setDoomed] = useState<IdentityProvider | null>(null);
  const providers = data?.items ?? [];
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-4">
        <p className="min-w-0 flex-1 basis-72 text-text-2">
          {t('People sign in with these beside their passwords: any provider that speaks OpenID Connect.')}
        </p>
        <Button variant="primary" onClick={() => setEditing('new')}>
          <Plus size={16} />
          {t('Add provider')}
        </Button>
      </div>
      {isPending ? (
        <SkeletonRows rows={3} className="py-4" />
      ) : error ? (
        <ErrorState title={t('The providers could not be loaded')} error={error} onRetry={() => refetch()} />
      ) : (
        <>
          <div className="field">
            <span className="shrink-0 text-sm text-text-3">{t('Redirect address')}</span>
            <input
              readOnly
              className="mono"
              value={data.redirect_uri}
              aria-label={t('Redirect address')}
              onFocus={(event) => event.target.select()}
            />
            <CopyButton text={data.redirect_uri} label={t('Copy address')} />
          </div>
          <div className="field">
            <span className="shrink-0 text-sm text-text-3">{t('After signing out')}</span>
            <input
              readOnly
              className="mono"
              value={data.signed_out_uri}
              aria-label={t('Address after signing out')}
              onFocus={(event) => event.target.select()}
            />
            <CopyButton text={data.signed_out_uri} label={t('Copy address after signing out')} />
          </div>
          {providers.length === 0 ? (
            <div className="card">
              <EmptyState icon={<Fingerprint />} title={t('No providers yet')}>
                {t('Register Conductor at your provider with the redirect address above, then add it here.')}
              </EmptyState>
            </div>
          ) : (
            <ul className="card rows">
              {providers.map((provider) => (
                <li key={provider.id} className="flex flex-wrap items-center gap-3 px-4 py-3">
                  <span className="tile size-9! rounded-md!">
                    <Fingerprint size={18} />
                  </span>
                  <span className="min-w-0 flex-1 basis-36">
                    <span className="block truncate font-medium">{provider.name}</span>
                    <span className="mono block truncate text-sm text-text-3">{provider.issuer}</span>
                  </span>
                  {!provider.enabled && <Status tone="warn">{t('Switched off')}</Status>}
                  <span className="flex">
                    <IconButton
                      label={t('Edit {{name}}', { name: provider.name })}
                      onClick={() => setEditing(provider)}
                    >
                      <Pencil size={17} />
                    </IconButton>
                    <IconButton
                      label={t('Remove {{name}}', { name: provider.name })}
                      onClick={() => setDoomed(provider)}
                    >
                      <Trash2 size={17} />
                    </IconButton>
                  </span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
      <Dialog
        open={editing !== null}
        onClose={() => setEditing(null)}
        title={editing === 'new' ? t('Add a sign-in provider') : t('Edit sign-in provider')}
        wide
      >
        {editing && (
          <IdentityProviderForm
            provider={editing === 'new' ? undefined : editing}
            onCancel={() => setEditing(null)}
            onSaved={async () => {
              await refresh();
              setEditing(null);
            }}
          />
        )}
      </Dialog>
      <ConfirmDialog
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        title={t('Remove {{name}}?', { name: doomed?.name })}
        description={t(
          'Nobody can sign in with it any more. Accounts stay; whoever has a password can use that.',
        )}
        confirm={t('Remove')}
        onConfirm={async () => {
          try {
            await api.delete(`/api/v1/identity-providers/${doomed?.id}`);
          } catch (problem) {
            toast.error(describe(problem));
          }
          await refresh();
        }}
      />
    </div>
  );
}
