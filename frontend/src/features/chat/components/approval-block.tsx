/** A question that a run waits on. The only accent-outlined block of the log. */
import { useQuery } from '@tanstack/react-query';
import { CircleAlert, TriangleAlert, Users } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { ApprovalDecision, HumanTask } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { JsonView } from '@/components/ui/json-view';
import { mayAnswer } from '@/lib/approvers';
import { t } from '@/lib/i18n';
import { roleTitle } from '@/lib/names';
import { toast } from '@/lib/toast';
import { decide } from '../model/actions';

const answers: { decision: ApprovalDecision; label: string }[] = [
  { decision: 'allow_once', label: 'Allow once' },
  { decision: 'allow_in_conversation', label: 'Allow in this chat' },
  { decision: 'allow_always', label: 'Always allow' },
  { decision: 'deny', label: 'Deny' },
];

function Risk({ priority }: { priority: HumanTask['priority'] }) {
  if (priority === 'high')
    return (
      <Status tone="err" icon={<TriangleAlert />}>
        {t('High risk')}
      </Status>
    );
  if (priority === 'low')
    return (
      <Status tone="info" icon={<CircleAlert />}>
        {t('Low risk')}
      </Status>
    );
  return (
    <Status tone="warn" icon={<TriangleAlert />}>
      {t('May change data')}
    </Status>
  );
}

export function ApprovalBlock({ task, onDecided }: { task: HumanTask; onDecided?: () => void }) {
  const [busy, setBusy] = useState<ApprovalDecision | null>(null);
  const { data: me } = useQuery(meQuery);
  const answer = async (decision: ApprovalDecision) => {
    setBusy(decision);
    try {
      await decide(task, decision);
      onDecided?.();
    } catch (error) {
      setBusy(null);
      toast.error(describe(error));
    }
  };
  const allowed = answers.filter((option) => task.allowed_decisions.includes(option.decision));
  const empty =
    task.arguments === null || typeof task.arguments !== 'object' || Object.keys(task.arguments).length === 0;
  return (
    <section
      className="rise grid gap-3 rounded-lg border border-accent bg-accent-soft p-4 text-ui leading-[var(--lh-ui)]"
      aria-label={t('Approval needed')}
      data-task={task.id}
    >
      <div className="flex flex-wrap items-center gap-2">
        <b className="h min-w-0 flex-1">{task.message || task.title}</b>
        <Risk priority={task.priority} />
      </div>
      {task.tool && (
        <p className="-mt-1.5 text-sm text-text-2">
          <span className="mono">{task.tool}</span>
          {task.server && ` · ${task.server}`}
        </p>
      )}
      {!empty && (
        <div className="max-h-72 overflow-y-auto rounded-sm border border-border bg-bg px-3 py-2">
          <JsonView value={task.arguments} />
        </div>
      )}
      {task.approver_roles && task.approver_roles.length > 0 && (
        <p className="flex items-center gap-2 text-text-2">
          <Users size={16} className="flex-none" aria-hidden />
          {t('A policy asks somebody with one of these roles: {{roles}}', {
            roles: task.approver_roles.map(roleTitle).join(', '),
          })}
        </p>
      )}
      <div className="grid grid-cols-2 gap-2 empty:hidden md:flex md:flex-wrap">
        {mayAnswer(task, me) &&
          allowed.map(({ decision, label }) => (
            <Button
              key={decision}
              variant={decision === 'allow_once' ? 'primary' : 'outline'}
              danger={decision === 'deny'}
              className={decision === 'deny' ? 'md:ml-auto' : undefined}
              busy={busy === decision}
              disabled={busy !== null}
              onClick={() => answer(decision)}
            >
              {t(label)}
            </Button>
          ))}
      </div>
    </section>
  );
}
