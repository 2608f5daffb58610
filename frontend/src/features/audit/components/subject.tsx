/** Who did something: a name where the subject is a member, the subject's own word where it is not. */
import type { Member } from '@/api/types';
import { t } from '@/lib/i18n';

export function subjectName(
  subject: string,
  userId: string | null,
  people: Pick<Member, 'user_id' | 'name' | 'email'>[],
): string {
  const person = people.find((person) => person.user_id === userId);
  if (person) return person.name || person.email;
  if (subject === 'system') return t('Conductor');
  const [kind = '', id = ''] = subject.split(':');
  return id ? `${t(kind)} ${id.slice(-8)}` : subject;
}

export function Subject({
  subject,
  userId,
  people,
}: {
  subject: string;
  userId: string | null;
  people: Pick<Member, 'user_id' | 'name' | 'email'>[];
}) {
  return (
    <span className="whitespace-nowrap" title={subject}>
      {subjectName(subject, userId, people)}
    </span>
  );
}
