/** Sums of a compliance report, and its pieces of time. */

interface Counted {
  data_classification: string | null;
  allowed: number;
  denied: number;
}

const order = ['restricted', 'confidential', 'internal', 'public'];

/** How much happened to things of each label, the most sensitive first and what has none last. */
export function byLabel(rows: Counted[]): { label: string | null; allowed: number; denied: number }[] {
  const sums = new Map<string | null, { allowed: number; denied: number }>();
  for (const { data_classification: label, allowed, denied } of rows) {
    const sum = sums.get(label) ?? { allowed: 0, denied: 0 };
    sums.set(label, { allowed: sum.allowed + allowed, denied: sum.denied + denied });
  }
  const rank = (label: string | null) => {
    const at = label === null ? -1 : order.indexOf(label);
    return at < 0 ? order.length : at;
  };
  return [...sums].map(([label, sum]) => ({ label, ...sum })).sort((a, b) => rank(a.label) - rank(b.label));
}

/** How often things of one label were accessed in one piece of time. */
export interface Piece extends Counted {
  start: string;
}

/** Every piece of a time, those without entries too, for one label or all; pieces begin as the server counts, in UTC. */
export function byTime(
  pieces: Piece[],
  { from, to, grouping }: { from: string; to: string; grouping: string },
  label: string,
): { start: string; allowed: number; denied: number }[] {
  const sums = new Map<string, { allowed: number; denied: number }>();
  for (const piece of pieces) {
    if (label !== 'all' && (piece.data_classification ?? 'none') !== label) continue;
    const start = new Date(piece.start).toISOString();
    const sum = sums.get(start) ?? { allowed: 0, denied: 0 };
    sums.set(start, { allowed: sum.allowed + piece.allowed, denied: sum.denied + piece.denied });
  }
  const at = new Date(from);
  at.setUTCHours(0, 0, 0, 0);
  if (grouping === 'month') at.setUTCDate(1);
  const all = [];
  // A century of months is the most that a plot can draw.
  while (at < new Date(to) && all.length < 1_200) {
    const start = at.toISOString();
    all.push({ start, ...(sums.get(start) ?? { allowed: 0, denied: 0 }) });
    if (grouping === 'month') at.setUTCMonth(at.getUTCMonth() + 1);
    else at.setUTCDate(at.getUTCDate() + 1);
  }
  return all;
}
