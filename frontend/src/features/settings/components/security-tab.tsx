/** How this account is protected: the second factor, and where it is signed in. */
import { useQuery } from '@tanstack/react-query';
import { ShieldAlert, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { meQuery, queryClient } from '@/api/queries';
import type { Me } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { MfaProve, MfaSetup, type Proof, RecoveryCodes, signOut } from '@/features/auth';
import { EraseDialog } from '@/features/people';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { covers } from '@/lib/permissions';
import { toast } from '@/lib/toast';
import { mfaQuery, sessionsQuery } from '../queries';
import { Section } from './section';
import { SessionsList } from './sessions-list';

type Doing = 'setup' | 'renew' | 'remove' | undefined;

async function refresh(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: mfaQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: meQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  ]);
}

export function SecurityTab({ me }: { me: Me }) {
  return (
    <div>
      <Section
        title={t('Second factor')}
        lead={t('A code of an authenticator app, asked for beside your password.')}
      >
        <SecondFactor />
      </Section>
      {covers(me.permissions, 'organization.update') && !me.organization.is_personal && (
        <Section
          title={me.organization.name}
          lead={t('What the organisation asks of everyone who belongs to it.')}
        >
          <Requirement me={me} />
        </Section>
      )}
      <Section
        title={t('Sessions')}
        lead={t('Where you are signed in. What you do not recognise, end, and change your password.')}
      >
        <SessionsList />
      </Section>
      <Section
        title={t('Erase your account')}
        lead={t('You, and everything that is yours alone. What others use stays with another owner.')}
      >
        <Erase me={me} />
      </Section>
    </div>
  );
}

function Erase({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="outline" danger className="justify-self-start" onClick={() => setOpen(true)}>
        {t('Erase my account')}
      </Button>
      <EraseDialog
        open={open}
        onClose={() => setOpen(false)}
        person={me.user}
        me={me}
        onErased={() => void signOut()}
      />
    </>
  );
}

function SecondFactor() {
  const { data, error, isPending, refetch } = useQuery(mfaQuery);
  const [doing, setDoing] = useState<Doing>();
  const [codes, setCodes] = useState<string[]>();
  const close = () => {
    setDoing(undefined);
    setCodes(undefined);
    void refresh();
  };
  if (isPending) return <SkeletonRows rows={2} />;
  if (error) {
    return (
      <ErrorState
        title={t('The second factor could not be loaded')}
        error={error}
        onRetry={() => void refetch()}
      />
    );
  }
  const renew = async (proof: Proof) =>
    setCodes((await api.post('/api/auth/mfa/recovery-codes', proof)).recovery_codes);
  const remove = async (proof: Proof) => {
    await api.post('/api/auth/mfa/disable', proof);
    toast.success(t('The second factor was removed'));
    close();
  };
  const few = data.recovery_codes_left <= 3;
  return (
    <>
      {data.enabled ? (
        <>
          <Notice tone="ok" icon={<ShieldCheck size={17} />}>
            {t('On since {{when}}.', { when: dateTime(data.confirmed_at ?? '') })}{' '}
            {t('{{count}} recovery codes are left.', { count: data.recovery_codes_left })}
          </Notice>
          {few && (
            <p className="text-sm text-text-2">{t('Make new recovery codes before the last one is used.')}</p>
          )}
          <div className="flex flex-wrap gap-2">
            <Button variant="outline" onClick={() => setDoing('renew')}>
              {t('New recovery codes')}
            </Button>
            <Button variant="outline" danger onClick={() => setDoing('remove')}>
              {t('Remove')}
            </Button>
          </div>
        </>
      ) : (
        <>
          <Notice tone={data.required ? 'warn' : 'info'} icon={<ShieldAlert size={17} />}>
            {data.required
              ? t('Off. Your organisation asks for it.')
              : t('Off. Whoever learns your password can sign in as you.')}
          </Notice>
          <Button variant="primary" className="justify-self-start" onClick={() => setDoing('setup')}>
            {t('Set up')}
          </Button>
        </>
      )}
      <Dialog open={doing === 'setup'} onClose={close} title={t('Set up a second factor')}>
        <MfaSetup onDone={close} onCancel={close} />
      </Dialog>
      <Dialog open={doing === 'renew'} onClose={close} title={t('New recovery codes')}>
        {codes ? (
          <RecoveryCodes codes={codes} onDone={close} />
        ) : (
          <MfaProve
            lead={t('The codes you have now stop working.')}
            confirm={t('Make new codes')}
            onProof={renew}
            onCancel={close}
          />
        )}
      </Dialog>
      <Dialog open={doing === 'remove'} onClose={close} title={t('Remove the second factor?')}>
        <MfaProve
          lead={t('From then on your password alone signs you in.')}
          confirm={t('Remove')}
          danger
          onProof={remove}
          onCancel={close}
        />
      </Dialog>
    </>
  );
}

function Requirement({ me }: { me: Me }) {
  const [busy, setBusy] = useState(false);
  const { id, requires_mfa: required } = me.organization;
  const set = async (requires_mfa: boolean) => {
    setBusy(true);
    try {
      await api.patch(`/api/v1/orgs/${id}`, { requires_mfa });
      await refresh();
    } catch (error) {
      toast.error(describe(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Switch
      label={t('Members need a second factor')}
      hint={
        me.user.mfa_enabled
          ? t('Members without one are led to set it up, and reach nothing else until then.')
          : t('Set up your own first: you would be the first to stand outside.')
      }
      checked={required}
      disabled={busy || (!required && !me.user.mfa_enabled)}
      onChange={(next) => void set(next)}
    />
  );
}
