/** Who answers a question: the person behind the run, or whoever has one of the roles that a policy names. */
import type { HumanTask, Me } from '@/api/types';

/** Whether it is this person's to answer; the server decides, this only spares buttons that would be refused. */
export function mayAnswer(task: HumanTask, me: Me | undefined): boolean {
  const asked = task.approver_roles ?? [];
  if (asked.length === 0) return true;
  return (
    me !== undefined &&
    (asked.includes(`organization:${me.role_in_organization}`) || asked.includes(`platform:${me.user.role}`))
  );
}
