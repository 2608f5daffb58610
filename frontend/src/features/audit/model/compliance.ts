/** Sums of a compliance report. */

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
