/** What the menus offer: whether somebody's roles permit an action. The server decides; this only spares dead ends. */
import type { Me } from '@/api/types';

/** Whether one of the permissions covers `action`, such as `policy.read`. */
export function may(me: Me | undefined, action: string): boolean {
  return (me?.permissions ?? []).some((permission) => {
    const [pattern = ''] = permission.split(':');
    return (
      pattern === '*' ||
      pattern === action ||
      (pattern.endsWith('.*') && action.startsWith(pattern.slice(0, -1)))
    );
  });
}
