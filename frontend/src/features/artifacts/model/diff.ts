/** What changed between two versions, line by line, with a few lines around each change. */
import { diffLines } from 'diff';

/** One row of a comparison; `gap` stands for lines that did not change. */
export type DiffRow =
  | { kind: 'same' | 'added' | 'removed'; text: string; before?: number; after?: number }
  | { kind: 'gap'; lines: number };

/** Lines added and removed. */
export interface DiffCount {
  added: number;
  removed: number;
}

function split(value: string): string[] {
  const lines = value.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The rows of a comparison. */
export function diffRows(before: string, after: string, around = 3): { rows: DiffRow[]; count: DiffCount } {
  const all: Exclude<DiffRow, { kind: 'gap' }>[] = [];
  const count: DiffCount = { added: 0, removed: 0 };
  let left = 0;
  let right = 0;
  // A last line with and without its end is the same line to a reader.
  const closed = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
  for (const part of diffLines(closed(before), closed(after))) {
    for (const text of split(part.value)) {
      if (part.added) {
        right += 1;
        count.added += 1;
        all.push({ kind: 'added', text, after: right });
      } else if (part.removed) {
        left += 1;
        count.removed += 1;
        all.push({ kind: 'removed', text, before: left });
      } else {
        left += 1;
        right += 1;
        all.push({ kind: 'same', text, before: left, after: right });
      }
    }
  }
  const near = new Set<number>();
  all.forEach((row, index) => {
    if (row.kind === 'same') return;
    for (let at = index - around; at <= index + around; at += 1) near.add(at);
  });
  const rows: DiffRow[] = [];
  for (const [index, row] of all.entries()) {
    if (near.has(index)) {
      rows.push(row);
      continue;
    }
    const last = rows.at(-1);
    if (last?.kind === 'gap') last.lines += 1;
    else rows.push({ kind: 'gap', lines: 1 });
  }
  return { rows, count };
}
