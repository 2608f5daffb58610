/** Everything that waits for this person's word. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowUpRight, Inbox } from 'lucide-react';
import {
  accessRequestsQuery,
  agentOptionsQuery,
  conversationQuery,
  membersQuery,
  meQuery,
  runQuery,
  tasksQuery,
} from '@/api/queries';
import type { HumanTask } from '@/api/types';
import { PageHeader } from '@/components/layout/page-header';
import { Status } from '@/components/ui/badges';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { MyRequest, myWishes, RequestCard } from '@/features/access';
import { ApprovalBlock } from '@/features/chat';
import { HumanStep, isHumanStep, workflowOptions, workflowTitle } from '@/features/workflows';
import { mayAnswer } from '@/lib/approvers';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';
import { byUrgency } from '../model/order';

function Task({ task }: { task: HumanTask }) {
  // Who is asked for a role need not see the run itself.
  const { data: run, isError: elsewhere } = useQuery({ ...runQuery(task.run_id), retry: false });
  const conversation = run?.conversation_id;
  const { data: chat } = useQuery({
    ...conversationQuery(conversation ?? ''),
    enabled: Boolean(conversation),
    retry: false,
  });
  const { data: agents } = useQuery(agentOptionsQuery);
  const { data: me } = useQuery(meQuery);
  const members = useQuery({
    ...membersQuery(me?.organization.id ?? ''),
    enabled: Boolean(me && elsewhere && task.user_id),
  });
  const asker = members.data?.items.find(({ user_id }) => user_id === task.user_id);
  const step = isHumanStep(task);
  const { data: workflows } = useQuery({ ...workflowOptions, enabled: Boolean(run?.workflow_id) });
  const workflow = workflows?.items.find(({ id }) => id === run?.workflow_id);
  const agent = agents?.items.find(({ id }) => id === run?.agent_id);
  return (
    <li className="grid gap-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-text-3">
        <span className="num min-w-0 flex-1 basis-40 truncate">
          {[
            elsewhere &&
              (asker
                ? t('For {{name}}', { name: asker.name || asker.email })
                : step
                  ? t('In a run of somebody else')
                  : t('In a conversation of somebody else')),
            workflow && workflowTitle(workflow),
            agent?.name,
            chat?.title,
            ago(task.created_at),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
        <span className="flex gap-3">
          {conversation && (
            <Link
              to="/c/$conversationId"
              params={{ conversationId: conversation }}
              className="flex items-center gap-1 whitespace-nowrap hover:text-text"
            >
              {t('Open the chat')}
              <ArrowUpRight size={15} />
            </Link>
          )}
          {run && (
            <Link
              to="/runs/$runId"
              params={{ runId: task.run_id }}
              className="flex items-center gap-1 whitespace-nowrap hover:text-text"
            >
              {t('Open the run')}
              <ArrowUpRight size={15} />
            </Link>
          )}
        </span>
      </div>
      {step ? <HumanStep task={task} /> : <ApprovalBlock task={task} />}
    </li>
  );
}

export function InboxPage() {
  const questions = useQuery(tasksQuery);
  const wishes = useQuery(accessRequestsQuery);
  const mine = useQuery(myWishes);
  const { data: me } = useQuery(meQuery);
  const tasks = byUrgency(questions.data?.items ?? []);
  const requests = wishes.data ?? [];
  const waiting = tasks.filter((task) => mayAnswer(task, me)).length + requests.length;
  const error = questions.error ?? wishes.error;
  const refetch = () => Promise.all([questions.refetch(), wishes.refetch()]);
  const isPending = questions.isPending || wishes.isPending;
  return (
    <div className="page narrow w-full">
      <PageHeader
        title={t('Inbox')}
        lead={t('Runs and people wait here for your answer; everything else goes on.')}
        actions={
          waiting > 0 ? (
            <Status tone="warn">{t('{{count}} requests wait for you', { count: waiting })}</Status>
          ) : undefined
        }
      />
      {isPending ? (
        <SkeletonRows rows={5} />
      ) : error ? (
        <ErrorState title={t('The inbox could not be loaded')} error={error} onRetry={() => refetch()} />
      ) : tasks.length + requests.length === 0 ? (
        <div className="card">
          <EmptyState icon={<Inbox />} title={t('Nothing waits for you')}>
            {t(
              'When an agent wants to use a tool that needs a person’s word, a workflow asks you to decide, or a colleague wants access to something of yours, the question appears here.',
            )}
          </EmptyState>
        </div>
      ) : (
        <ul className="grid gap-6">
          {requests.map((request) => (
            <li key={request.id}>
              <RequestCard request={request} />
            </li>
          ))}
          {tasks.map((task) => (
            <Task key={task.id} task={task} />
          ))}
        </ul>
      )}
      {(mine.data?.items.length ?? 0) > 0 && (
        <section className="mt-4 grid gap-3">
          <h2 className="h">{t('Your requests')}</h2>
          <ul className="card rows">
            {mine.data?.items.map((request) => (
              <MyRequest key={request.id} request={request} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
