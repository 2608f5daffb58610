/** What the caller's roles permit, as the server words it: `agent.read`, `agent.*`, `usage.read:any`. */

/** Whether a list of patterns covers an action such as `agent.read`. */
export function covers(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => {
    const [word = ''] = pattern.split(':');
    if (word === '*' || word === action) return true;
    return word.endsWith('.*') && action.startsWith(word.slice(0, -1));
  });
}
