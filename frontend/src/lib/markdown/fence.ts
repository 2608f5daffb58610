/**
 * Reads the info string of a fenced block: its language and, where it carries an `id`, the artifact it announces
 * (`tsx id=chart title="Sales by month" type=react`).
 */

/** What stands after the three backticks. */
export interface Fence {
  language: string;
  /** Present when the block is an artifact. */
  artifact?: { identifier: string; title?: string; type?: string };
}

const ATTRIBUTE = /([A-Za-z_][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))/g;

/** Parses language and meta; anything that is not an attribute is left alone. */
export function parseFence(lang: string | null | undefined, meta: string | null | undefined): Fence {
  let language = lang ?? '';
  let rest = meta ?? '';
  // "```id=chart type=svg" has no language: remark hands the first word over as one.
  if (language.includes('=')) {
    rest = `${language} ${rest}`;
    language = '';
  }
  const attributes = new Map<string, string>();
  for (const match of rest.matchAll(ATTRIBUTE)) {
    const value = (match[2] ?? match[3] ?? match[4] ?? '').replace(/\\(["'\\])/g, '$1');
    const name = match[1]?.toLowerCase();
    if (name) attributes.set(name, value);
  }
  const identifier = attributes.get('id') ?? attributes.get('identifier');
  if (!identifier) return { language };
  const title = attributes.get('title');
  const type = attributes.get('type');
  return { language, artifact: { identifier, ...(title ? { title } : {}), ...(type ? { type } : {}) } };
}

/** Whether `source` ends inside a fence that was opened and not closed yet. */
export function endsInOpenFence(source: string): boolean {
  let open: { char: string; length: number } | undefined;
  for (const line of source.split('\n')) {
    const match = /^(?:[ \t]|>|[-*+] |\d{1,9}[.)] )*(`{3,}|~{3,})(.*)$/.exec(line);
    if (!match) continue;
    const [, marks = '', tail = ''] = match;
    const char = marks[0] ?? '`';
    if (!open) {
      if (char === '~' || !tail.includes('`')) open = { char, length: marks.length };
    } else if (char === open.char && marks.length >= open.length && tail.trim() === '') {
      open = undefined;
    }
  }
  return open !== undefined;
}
