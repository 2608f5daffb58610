/** The question before a program is started on the server's machine: the exact line, and nothing is implied. */
import { useQuery } from '@tanstack/react-query';
import { ShieldAlert, TriangleAlert } from 'lucide-react';
import { describe } from '@/api/problem';
import { meQuery } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { commandLine } from '../model/connector-form';
import { useConfirmCommand } from '../queries';

interface Props {
  serverId: string;
  parts: string[];
  hash: string;
  /** The names of its environment; the fingerprint covers their values. */
  variables: string[];
  onConfirmed: () => void;
}

export function ConfirmCommand({ serverId, parts, hash, variables, onConfirmed }: Props) {
  const me = useQuery(meQuery);
  const confirm = useConfirmCommand();
  const admin = me.data?.user.role === 'admin';
  return (
    <section className="confirm-command" aria-label={t('Confirm the command')}>
      <div className="flex items-start gap-3">
        <ShieldAlert size={18} className="mt-0.5 flex-none text-accent-ink" aria-hidden="true" />
        <div>
          <h3 className="h">{t('Start this program on the server?')}</h3>
          <p className="mt-1 text-text-2">
            {t(
              'It runs with the rights of Conductor on the machine that hosts it. Confirm only a line that you understand completely.',
            )}
          </p>
        </div>
      </div>
      <pre>{commandLine(parts)}</pre>
      <ol className="confirm-parts">
        {parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a part of a command line is
          <li key={index}>
            <span className="num text-text-3">{index === 0 ? t('program') : index}</span>
            <code>{part === '' ? t('(empty)') : part}</code>
          </li>
        ))}
      </ol>
      {variables.length > 0 && (
        <p className="text-sm text-text-2">
          {t('With the environment variables')} <code>{variables.join(', ')}</code>
        </p>
      )}
      <p className="break-all text-xs text-text-3">
        {t('Fingerprint')} <code>{hash}</code>
      </p>
      {confirm.isError && (
        <Notice tone="err" icon={<TriangleAlert size={16} />}>
          {describe(confirm.error)}
        </Notice>
      )}
      {admin ? (
        <div>
          <Button
            variant="primary"
            busy={confirm.isPending}
            onClick={() => confirm.mutate({ id: serverId, hash }, { onSuccess: onConfirmed })}
          >
            {t('Allow exactly this command')}
          </Button>
        </div>
      ) : (
        <Notice tone="warn" icon={<ShieldAlert size={16} />}>
          {t('Only an administrator can confirm it. Ask one to open this server’s page.')}
        </Notice>
      )}
    </section>
  );
}
