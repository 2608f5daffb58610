/** Every version of an agent, what changed in it, and the way back. */
import { useQuery } from '@tanstack/react-query';
import { History } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import type { Agent, AgentVersion } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { changedFields } from '../model/snapshot';
import { agentVersions, useRollback } from '../queries';

export function AgentVersions({ agent }: { agent: Agent }) {
  const versions = useQuery(agentVersions(agent.id));
  const rollback = useRollback(agent.id);
  const [asking, setAsking] = useState<AgentVersion>();
  if (versions.isPending) return <SkeletonRows rows={4} />;
  if (versions.isError) {
    return (
      <ErrorState
        title={t('The versions could not be loaded')}
        error={versions.error}
        onRetry={() => void versions.refetch()}
      />
    );
  }
  const { items } = versions.data;
  if (items.length === 0) {
    return (
      <EmptyState icon={<History />} title={t('No versions yet')}>
        {t('Each save is kept here, so that any of them can be brought back.')}
      </EmptyState>
    );
  }
  return (
    <>
      <ol className="rows">
        {items.map((version, index) => (
          <Version
            key={version.id}
            version={version}
            before={items[index + 1]}
            current={version.version === agent.current_version}
            onRestore={agent.can_edit ? () => setAsking(version) : undefined}
          />
        ))}
      </ol>
      <ConfirmDialog
        open={asking !== undefined}
        onClose={() => setAsking(undefined)}
        danger={false}
        title={t('Go back to version {{version}}?', { version: asking?.version })}
        description={t(
          'Its settings become a new version. Nothing is lost: the present one stays in this list.',
        )}
        confirm={t('Go back')}
        onConfirm={async () => {
          if (!asking) return;
          try {
            const now = await rollback.mutateAsync(asking.version);
            toast.success(t('Version {{version}} is in force', { version: now.current_version }));
          } catch (error) {
            toast.error(describe(error));
          }
        }}
      />
    </>
  );
}

function Version({
  version,
  before,
  current,
  onRestore,
}: {
  version: AgentVersion;
  before: AgentVersion | undefined;
  current: boolean;
  onRestore: (() => void) | undefined;
}) {
  const [open, setOpen] = useState(false);
  const changes = before ? changedFields(before.snapshot, version.snapshot) : [];
  return (
    <li className="py-3">
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <p className="num flex items-center gap-2 font-medium">
            {t('Version {{version}}', { version: version.version })}
            {current && <Status tone="ok">{t('in force')}</Status>}
          </p>
          <p className="mt-0.5 text-sm text-text-3">
            {version.note ||
              (before
                ? changes.map(({ name }) => name).join(', ') || t('No visible change')
                : t('First version'))}
            {' · '}
            {ago(version.created_at)}
          </p>
        </div>
        {changes.length > 0 && (
          <Button size="xs" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? t('Hide changes') : t('Show changes')}
          </Button>
        )}
        {!current && onRestore && (
          <Button size="xs" variant="outline" onClick={onRestore}>
            {t('Go back to it')}
          </Button>
        )}
      </div>
      {open && (
        <dl className="mt-3 grid gap-3">
          {changes.map((change) => (
            <div key={change.field} className="card overflow-hidden">
              <dt className="label px-3 pt-2">{change.name}</dt>
              <dd className="json p-3 pt-1">
                {change.before !== '' && <div className="text-err">− {change.before}</div>}
                {change.after !== '' && <div className="text-ok">+ {change.after}</div>}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}
