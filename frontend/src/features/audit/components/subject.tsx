/** Who did something: a name where the subject is a member, the subject's own word where it is not. */
import type { Member } from '@/api/types';
import { t } from '@/lib/i18n';
import { words } from '@/lib/names';

export function subjectName(
  subject: string,
  userId: string | null,
  people: Pick<Member, 'user_id' | 'name' | 'email'>[],
  names?: Map<string, string>,
): string {
  const person = people.find((person) => person.user_id === userId);
  if (person) return person.name || person.email;
  if (subject === 'system') return t('Conductor');
  const [kind = '', id = ''] = subject.split(':');
  const name = names?.get(id);
  if (name) return name;
  return id ? `${words(t(kind))} ${id.slice(-8)}` : subject;
}

export function Subject({
  subject,
  userId,
  people,
  names,
}: {
  subject: string;
  userId: string | null;
  people: Pick<Member, 'user_id' | 'name' | 'email'>[];
  names: Map<string, string>;
}) {
  return (
    <span className="whitespace-nowrap" title={subject}>
      {subjectName(subject, userId, people, names)}
    </span>
  );
}

/** `agent:Clerk` where the name is known, `agent:0192…` where it is not. */
export function targetName(target: string, names: Map<string, string>): string {
  const [kind, id = '', ...rest] = target.split(':');
  const name = rest.length === 0 ? names.get(id) : undefined;
  return name ? `${kind}:${name}` : target;
}
