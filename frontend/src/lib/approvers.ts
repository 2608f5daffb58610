/** Who answers a question: the person behind the run, or whoever is named or has one of the roles that are. */
import type { HumanTask, Me } from '@/api/types';

/** How one person is named among the roles, before their id. */
export const USER = 'user:';

/** Whether a role is one of this person's, or a name is theirs. */
export function asksMe(asked: string, me: Me | undefined): boolean {
  const own = me && [
    `organization:${me.role_in_organization}`,
    `platform:${me.user.role}`,
    USER + me.user.id,
  ];
  return Boolean(own?.includes(asked));
}

/** Whether it is this person's to answer; the server decides, this only spares buttons that would be refused. */
export function mayAnswer(task: HumanTask, me: Me | undefined): boolean {
  const asked = task.approver_roles ?? [];
  return asked.length === 0 || asked.some((one) => asksMe(one, me));
}
