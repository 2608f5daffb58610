/**
 * Where drawings are: `/workflows?canvas=` and `/workflows?canvas=<id>`. A route of their own would stand in the first
 * load, which has no room; a parameter that no route declares costs nothing there.
 */
import type { LinkProps } from '@tanstack/react-router';

/** The list of drawings, or one of them. */
export function drawingAddress(id = ''): { to: '/workflows'; search: LinkProps['search'] } {
  return { to: '/workflows', search: { canvas: id } as LinkProps['search'] };
}
