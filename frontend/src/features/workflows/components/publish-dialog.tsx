/** Asks before another version runs, and says what that changes: nodes, and what starts the workflow by itself. */
import { useQuery } from '@tanstack/react-query';
import { CircleMinus, CirclePlus, PenLine } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { describe, Problem } from '@/api/problem';
import type { Workflow } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { graphOf } from '../model/graph';
import { type Difference, differenceOf, isSame } from '../model/publishing';
import { runningVersion } from '../model/versions';
import { workflowGraph } from '../queries';

interface Props {
  workflow: Workflow;
  /** The version that is to be published; none while nobody asks. */
  version: number | undefined;
  onClose: () => void;
  /** Publishes it. What it throws is shown here. */
  onPublish: (version: number) => Promise<unknown>;
}

export function PublishDialog({ workflow, version, onClose, onPublish }: Props) {
  return (
    <Dialog
      open={version !== undefined}
      onClose={onClose}
      title={t('Publish version {{version}}?', { version: version ?? '' })}
      description={t(
        'It is what runs from then on wherever nobody names a version: by the API, for agents, by schedules, webhooks and events. What you save afterwards is a draft until you publish it too.',
      )}
    >
      {version !== undefined && (
        <Question workflow={workflow} version={version} onClose={onClose} onPublish={onPublish} />
      )}
    </Dialog>
  );
}

function Question({ workflow, version, onClose, onPublish }: Props & { version: number }) {
  const running = runningVersion(workflow);
  const before = useQuery(workflowGraph(workflow.id, running));
  const after = useQuery(workflowGraph(workflow.id, version));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const failed = before.error ?? after.error;
  const publish = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await onPublish(version);
      onClose();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="grid gap-4">
      {failed ? (
        <ErrorState
          title={t('The versions could not be loaded')}
          error={failed}
          onRetry={() => void Promise.all([before.refetch(), after.refetch()])}
        />
      ) : before.isPending || after.isPending ? (
        <SkeletonRows rows={3} />
      ) : (
        <Changes
          running={running}
          same={running === version}
          difference={differenceOf(graphOf(before.data), graphOf(after.data))}
        />
      )}
      {error !== undefined && (
        <Notice tone="err">
          {error instanceof Problem && error.code === 'workflow_invalid' ? (
            <>
              <b>{t('It cannot run, so it cannot be published.')}</b> {describe(error)}
            </>
          ) : (
            describe(error)
          )}
        </Notice>
      )}
      <div className="flex justify-end gap-2">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button variant="primary" busy={busy} onClick={() => void publish()}>
          {t('Publish')}
        </Button>
      </div>
    </div>
  );
}

function Changes({ running, same, difference }: { running: number; same: boolean; difference: Difference }) {
  if (same || isSame(difference)) {
    return (
      <p className="text-text-2">
        {same
          ? t('It runs already: nothing changes now.')
          : t('It does the same as version {{version}}, which runs now.', { version: running })}
      </p>
    );
  }
  return (
    <div className="grid gap-3">
      <p className="text-text-2">
        {t('Compared with version {{version}}, which runs now:', { version: running })}
      </p>
      <Part title={t('Nodes added')} icon={<CirclePlus size={15} />} names={difference.added} />
      <Part title={t('Nodes removed')} icon={<CircleMinus size={15} />} names={difference.removed} />
      <Part title={t('Nodes changed')} icon={<PenLine size={15} />} names={difference.changed} />
      <Part title={t('Starts it from then on')} icon={<CirclePlus size={15} />} names={difference.begins} />
      <Part title={t('Starts it no more')} icon={<CircleMinus size={15} />} names={difference.ends} />
      {difference.other && (
        <p className="text-sm text-text-2">
          {t('Connections, inputs, outputs, variables or limits are different too.')}
        </p>
      )}
    </div>
  );
}

/** How many names are told before the others are only counted. */
const MOST = 8;

function Part({ title, icon, names }: { title: string; icon: ReactNode; names: readonly string[] }) {
  if (names.length === 0) return null;
  const more = names.length - MOST;
  return (
    <section className="grid gap-1">
      <h3 className="flex items-center gap-2 text-sm font-medium">
        <span className="text-text-3" aria-hidden="true">
          {icon}
        </span>
        {title}
      </h3>
      <ul className="grid gap-1 ps-6 text-sm text-text-2" aria-label={title}>
        {names.slice(0, MOST).map((name, at) => (
          // Two nodes may have one name.
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes while it is shown
          <li key={at} className="truncate">
            {name}
          </li>
        ))}
        {more > 0 && <li>{t('and {{count}} more', { count: more })}</li>}
      </ul>
    </section>
  );
}
