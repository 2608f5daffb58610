/** A question of a workflow to a person: its words, its decisions as buttons, a comment, and until when. */
import { useQuery } from '@tanstack/react-query';
import { CalendarClock, TriangleAlert, User } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import { membersQuery, meQuery } from '@/api/queries';
import type { HumanTask, Me } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { TextArea } from '@/components/ui/field';
import { JsonView } from '@/components/ui/json-view';
import { ApprovalBlock } from '@/features/chat';
import { asksMe, mayAnswer, USER } from '@/lib/approvers';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { decisionName, roleTitle, words } from '@/lib/names';
import { toast } from '@/lib/toast';
import { useDecide } from '../queries';
import { Told } from './told';

/** Whether a question is answered in words of its own, and not by allowing a tool. */
export function isHumanStep(task: HumanTask): boolean {
  return task.kind !== 'tool_approval';
}

const AGAINST = /^(reject|deny|decline|refuse|no|cancel|stop)/i;

/** `approve` as `Approve`. */
export function decisionTitle(decision: string): string {
  return t(words(decision));
}

/** What was decided, in the words of its kind of question. */
function decidedTitle(task: HumanTask): string {
  if (!task.decision) return t('Nobody answered in time.');
  return isHumanStep(task) ? decisionTitle(task.decision) : decisionName(task.decision);
}

/** Who is asked, in words: people by their name, roles by theirs; and the name of one of them. */
function useAsked(task: HumanTask, me: Me | undefined): [asked: string, nameOf: (user: string) => string] {
  const asked = task.approver_roles ?? [];
  const others =
    asked.some((one) => one.startsWith(USER) && !asksMe(one, me)) ||
    (task.notices ?? []).some(({ user_id }) => user_id && user_id !== me?.user.id);
  const members = useQuery({
    ...membersQuery(me?.organization.id ?? ''),
    enabled: Boolean(me) && others,
    retry: false,
  });
  const nameOf = (user: string) => {
    if (user === me?.user.id) return t('you');
    const person = members.data?.items.find(({ user_id }) => user === user_id);
    return person ? person.name || person.email : t('somebody else');
  };
  const names = asked.map((one) => (one.startsWith(USER) ? nameOf(one.slice(USER.length)) : roleTitle(one)));
  return [names.join(', '), nameOf];
}

export function HumanStep({ task, onDecided }: { task: HumanTask; onDecided?: (() => void) | undefined }) {
  const { data: me } = useQuery(meQuery);
  const [comment, setComment] = useState('');
  const [missing, setMissing] = useState(false);
  const decide = useDecide();
  const [asked, nameOf] = useAsked(task, me);
  const mine = mayAnswer(task, me);
  const late = task.due_at ? Date.parse(task.due_at) < Date.now() : false;
  const answer = (decision: string) => {
    if (task.comment_required && comment.trim() === '') {
      setMissing(true);
      return;
    }
    decide.mutate(
      { id: task.id, decision, comment },
      { onSuccess: () => onDecided?.(), onError: (error) => toast.error(describe(error)) },
    );
  };
  const busy = decide.isPending || decide.isSuccess;
  return (
    <section
      className="rise grid gap-3 rounded-lg border border-accent bg-accent-soft p-4 text-ui leading-[var(--lh-ui)]"
      aria-label={t('A person is asked: {{title}}', { title: task.title || task.message })}
      data-task={task.id}
    >
      <div className="flex flex-wrap items-center gap-2">
        <b className="h min-w-0 flex-1 basis-40">{task.title || task.message}</b>
        {(task.priority === 'urgent' || task.priority === 'high') && (
          <Status tone={task.priority === 'urgent' ? 'err' : 'warn'} icon={<TriangleAlert />}>
            {task.priority === 'urgent' ? t('Urgent') : t('High')}
          </Status>
        )}
        {task.due_at && (
          <Status tone={late ? 'err' : 'warn'} icon={<CalendarClock />}>
            {t('Due {{when}}', { when: dateTime(task.due_at) })}
          </Status>
        )}
      </div>
      {task.title && task.message && task.message !== task.title && (
        <p className="-mt-1 whitespace-pre-wrap break-words text-text-2">{task.message}</p>
      )}
      {task.tool && (
        <p className="text-sm text-text-2">
          <span className="mono break-all">{task.tool}</span>
        </p>
      )}
      {task.arguments !== undefined && task.arguments !== null && (
        <div className="max-h-72 overflow-y-auto rounded-sm border border-border bg-bg px-3 py-2">
          <JsonView value={task.arguments} />
        </div>
      )}
      {asked && (
        <p className="flex items-center gap-2 text-sm text-text-2">
          <User size={15} className="flex-none" aria-hidden="true" />
          {t('Asked: {{names}}', { names: asked })}
        </p>
      )}
      <Told task={task} nameOf={nameOf} />
      {mine && (
        <>
          <TextArea
            label={task.comment_required ? t('Comment *') : t('Comment (optional)')}
            rows={2}
            value={comment}
            required={task.comment_required ?? false}
            disabled={busy}
            error={missing ? t('This question wants a comment with its answer.') : undefined}
            onChange={(event) => {
              setComment(event.target.value);
              setMissing(false);
            }}
          />
          <div className="flex flex-wrap gap-2">
            {task.allowed_decisions.map((decision, index) => (
              <Button
                key={decision}
                variant={index === 0 ? 'primary' : 'outline'}
                danger={index > 0 && AGAINST.test(decision)}
                busy={busy && decide.variables?.decision === decision}
                disabled={busy}
                onClick={() => answer(decision)}
              >
                {decisionTitle(decision)}
              </Button>
            ))}
          </div>
        </>
      )}
    </section>
  );
}

/** A question of a run, whatever it is about. */
export function Question({ task }: { task: HumanTask }) {
  return isHumanStep(task) ? <HumanStep task={task} /> : <ApprovalBlock task={task} />;
}

/** An answer that was given. */
export function Answered({ task }: { task: HumanTask }) {
  return (
    <div className="grid gap-1 text-sm">
      <p>
        <span className="font-medium">{decidedTitle(task)}</span>
        {task.decided_at && <span className="text-text-3"> · {dateTime(task.decided_at)}</span>}
      </p>
      {task.comment && (
        <p className="whitespace-pre-wrap break-words border-border border-l-2 pl-3 text-text-2">
          {task.comment}
        </p>
      )}
    </div>
  );
}
