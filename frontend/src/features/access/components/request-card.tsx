/** Somebody's wish in the inbox of who may grant it, and the answer. */
import { Link } from '@tanstack/react-router';
import { ArrowUpRight, Check, X } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import type { AccessRequest } from '@/api/types';
import { Button } from '@/components/ui/button';
import { TextArea } from '@/components/ui/field';
import { ago, initials } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { endOf, kindName, type Lasting, levelName, spanName } from '../model/levels';
import { useAnswer, useWithdraw } from '../queries';
import { LastingField } from './lasting-field';

/** The row that is asked for, by its page. */
function Where({ request }: { request: AccessRequest }) {
  const { resource_type: kind, resource_id: id, resource_name: name } = request;
  const text = name ?? t('a private {{kind}}', { kind: kindName(kind) });
  const look = 'link font-medium';
  if (kind === 'agent') {
    return (
      <Link to="/library/agents/$agentId" params={{ agentId: id }} className={look}>
        {text}
      </Link>
    );
  }
  if (kind === 'connector') {
    return (
      <Link to="/servers/$serverId" params={{ serverId: id }} className={look}>
        {text}
      </Link>
    );
  }
  if (kind === 'workflow') {
    return (
      <Link to="/workflows/$workflowId" params={{ workflowId: id }} className={look}>
        {text}
      </Link>
    );
  }
  return (
    <Link to="/c/$conversationId" params={{ conversationId: id }} className={look}>
      {text}
    </Link>
  );
}

export function RequestCard({ request }: { request: AccessRequest }) {
  const answer = useAnswer();
  const [lasting, setLasting] = useState<Lasting>(request.hours ? `${request.hours}` : '');
  const [date, setDate] = useState('');
  const [refusing, setRefusing] = useState(false);
  const [reason, setReason] = useState('');
  const [fault, setFault] = useState<string>();
  const person = request.user_name ?? t('Somebody');
  const send = (answered: { until?: string | null; reason?: string }) =>
    answer.mutate({ id: request.id, ...answered }, { onError: (error) => setFault(describe(error)) });
  const approve = () => {
    if (lasting === 'date' && !date) return setFault(t('Choose a day.'));
    send({ until: endOf(lasting, date) });
  };
  const refuse = () => {
    if (!reason.trim()) return setFault(t('Say why not; {{name}} reads it.', { name: person }));
    send({ reason });
  };
  return (
    <article className="card grid gap-4 p-5" aria-label={t('Request of {{name}}', { name: person })}>
      <div className="flex items-start gap-3">
        <span className="avatar" aria-hidden="true">
          {initials(person)}
        </span>
        <div className="min-w-0 flex-1">
          <p>
            <span className="font-medium">{person}</span>{' '}
            {request.resource_name
              ? t('asks for access to the {{kind}}', { kind: kindName(request.resource_type) })
              : t('asks for access to')}{' '}
            <Where request={request} />
          </p>
          <p className="text-sm text-text-3">
            {[
              levelName(request.access_level),
              spanName(request.hours),
              request.user_email,
              ago(request.created_at),
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
      </div>
      <blockquote className="border-border border-l-2 pl-4 text-text-2 whitespace-pre-wrap">
        {request.reason}
      </blockquote>
      {refusing ? (
        <div className="grid gap-3">
          <TextArea
            label={t('Why not')}
            rows={2}
            value={reason}
            error={fault}
            onChange={(event) => {
              setReason(event.target.value);
              setFault(undefined);
            }}
          />
          <div className="flex justify-end gap-2">
            <Button
              variant="outline"
              onClick={() => {
                setRefusing(false);
                setFault(undefined);
              }}
            >
              {t('Back')}
            </Button>
            <Button variant="outline" danger busy={answer.isPending} onClick={refuse}>
              {t('Deny')}
            </Button>
          </div>
        </div>
      ) : (
        <div className="flex flex-wrap items-start gap-3">
          <LastingField
            label={t('Give it for')}
            lasting={lasting}
            date={date}
            error={fault}
            asked={request.hours}
            onChange={(next, day) => {
              setLasting(next);
              setDate(day);
              setFault(undefined);
            }}
          />
          <div className="flex flex-1 justify-end gap-2 sm:mt-[1.625rem]">
            <Button variant="outline" onClick={() => setRefusing(true)}>
              <X size={15} />
              {t('Deny')}
            </Button>
            <Button variant="primary" busy={answer.isPending} onClick={approve}>
              <Check size={15} />
              {t('Approve')}
            </Button>
          </div>
        </div>
      )}
    </article>
  );
}

/** What became of one's own wishes. */
export function MyRequest({ request }: { request: AccessRequest }) {
  const words = {
    pending: t('waits for an answer'),
    approved: t('approved'),
    denied: t('denied'),
    withdrawn: t('taken back'),
  }[request.status];
  const withdraw = useWithdraw();
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <span className="min-w-0 flex-1 basis-52">
        <Where request={request} />
        <span className="block truncate text-sm text-text-3">
          {[levelName(request.access_level), request.comment].filter(Boolean).join(' · ')}
        </span>
      </span>
      <span className="text-sm text-text-2">{words}</span>
      <span className="num text-sm text-text-3">{ago(request.decided_at ?? request.created_at)}</span>
      {request.status === 'pending' && (
        <Button
          size="xs"
          busy={withdraw.isPending}
          onClick={() => withdraw.mutate(request.id, { onError: (error) => toast.error(describe(error)) })}
        >
          {t('Withdraw')}
        </Button>
      )}
      {request.status === 'approved' && <ArrowUpRight size={15} className="text-text-3" aria-hidden="true" />}
    </li>
  );
}
