/** Where members land whose organisation asks for a second factor that they have not. */
import { useQuery } from '@tanstack/react-query';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { meQuery, organizationsQuery, queryClient } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { signOut } from '../session';
import { AuthFrame } from './auth-frame';
import { MfaSetup } from './mfa-setup';

export function SecondFactorPage({ onDone }: { onDone: () => void }) {
  const { data: me } = useQuery(meQuery);
  const { data: organizations } = useQuery(organizationsQuery);
  const others = (organizations?.items ?? []).filter(
    ({ id, requires_mfa }) => id !== me?.organization.id && !requires_mfa,
  );
  const switchTo = async (id: string) => {
    try {
      await api.post('/api/v1/auth/me/orgs', { organization_id: id });
      window.location.assign('/');
    } catch (error) {
      toast.error(describe(error));
    }
  };
  return (
    <AuthFrame
      title={t('Set up a second factor')}
      lead={t('{{name}} asks its members for a code beside the password.', {
        name: me?.organization.name ?? t('Your organisation'),
      })}
    >
      <MfaSetup
        onDone={async () => {
          await queryClient.invalidateQueries();
          onDone();
        }}
      />
      <div className="mt-6 flex flex-wrap gap-2 border-border border-t pt-4">
        {others.slice(0, 3).map(({ id, name }) => (
          <Button key={id} className="-ml-3 text-sm text-text-2" onClick={() => void switchTo(id)}>
            {t('Go to {{name}}', { name })}
          </Button>
        ))}
        <Button className="-ml-3 text-sm text-text-2" onClick={() => void signOut()}>
          {t('Sign out')}
        </Button>
      </div>
    </AuthFrame>
  );
}
