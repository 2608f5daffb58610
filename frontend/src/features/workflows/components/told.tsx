/** Who was told of a question, how and when, and why somebody was not. */
import { Bell, TriangleAlert } from 'lucide-react';
import type { HumanTask } from '@/api/types';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';

type Notice = NonNullable<HumanTask['notices']>[number];

function occasion({ occasion: what }: Notice): string {
  if (what === 'reminded') return t('Reminder');
  return what === 'escalated' ? t('Escalation') : t('Question');
}

function channel({ channel: word }: Notice): string {
  if (/^e?mail$/i.test(word)) return t('mail');
  if (/^slack:/i.test(word)) return word.replace(/^slack:\s*/i, 'Slack ');
  return /^(web|inbox|in[-_]app)$/i.test(word) ? t('inbox') : word;
}

export function Told({ task, nameOf }: { task: HumanTask; nameOf: (user: string) => string }) {
  const notices = task.notices ?? [];
  if (notices.length === 0) return null;
  return (
    <ul className="grid gap-1 text-sm text-text-2" aria-label={t('Who was told')}>
      {notices.map((notice) => (
        <li
          key={[notice.occasion, notice.channel, notice.user_id].join(' ')}
          className="flex items-start gap-2"
        >
          {notice.status === 'failed' ? (
            <TriangleAlert size={15} className="mt-0.5 flex-none text-err" aria-hidden="true" />
          ) : (
            <Bell size={15} className="mt-0.5 flex-none" aria-hidden="true" />
          )}
          <span className="min-w-0 break-words">
            {[
              occasion(notice),
              notice.user_id ? `${channel(notice)}: ${nameOf(notice.user_id)}` : channel(notice),
              notice.status === 'failed'
                ? t('not told: {{reason}}', { reason: notice.reason ?? '' })
                : notice.status === 'open'
                  ? t('on its way')
                  : notice.at && dateTime(notice.at),
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </li>
      ))}
    </ul>
  );
}
