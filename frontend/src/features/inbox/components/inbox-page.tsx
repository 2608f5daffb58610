/** Everything that waits for this person's word. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowUpRight, Inbox } from 'lucide-react';
import { runQuery, tasksQuery } from '@/api/queries';
import type { HumanTask } from '@/api/types';
import { PageHeader } from '@/components/layout/page-header';
import { Status } from '@/components/ui/badges';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { ApprovalBlock } from '@/features/chat';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';

function Task({ task }: { task: HumanTask }) {
  const { data: run } = useQuery(runQuery(task.run_id));
  const conversation = run?.conversation_id;
  return (
    <li className="grid gap-2">
      <div className="flex items-center gap-3 text-sm text-text-3">
        <span className="num">{ago(task.created_at)}</span>
        <span className="flex-1" />
        {conversation && (
          <Link
            to="/c/$conversationId"
            params={{ conversationId: conversation }}
            className="flex items-center gap-1 hover:text-text"
          >
            {t('Open the chat')}
            <ArrowUpRight size={15} />
          </Link>
        )}
        <Link
          to="/runs/$runId"
          params={{ runId: task.run_id }}
          className="flex items-center gap-1 hover:text-text"
        >
          {t('Open the run')}
          <ArrowUpRight size={15} />
        </Link>
      </div>
      <ApprovalBlock task={task} />
    </li>
  );
}

export function InboxPage() {
  const { data, error, isPending, refetch } = useQuery(tasksQuery);
  const tasks = data?.items ?? [];
  return (
    <div className="page narrow w-full">
      <PageHeader
        title={t('Inbox')}
        lead={t('Runs stop here until you answer; everything else goes on.')}
        actions={
          tasks.length > 0 ? (
            <Status tone="warn">{t('{{count}} requests wait for you', { count: tasks.length })}</Status>
          ) : undefined
        }
      />
      {isPending ? (
        <SkeletonRows rows={5} />
      ) : error ? (
        <ErrorState title={t('The inbox could not be loaded')} error={error} onRetry={() => refetch()} />
      ) : tasks.length === 0 ? (
        <div className="card">
          <EmptyState icon={<Inbox />} title={t('Nothing waits for you')}>
            {t(
              'When an agent wants to use a tool that needs a person’s word, the question appears here and in its chat.',
            )}
          </EmptyState>
        </div>
      ) : (
        <ul className="grid gap-6">
          {tasks.map((task) => (
            <Task key={task.id} task={task} />
          ))}
        </ul>
      )}
    </div>
  );
}
