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

const MAX_IDENTIFIER = 100;

/** `key=value` pairs and bare words; values may stand in quotes, and one that nobody closed ends with the line. */
function words(info: string): [key: string | undefined, value: string][] {
  const found: [string | undefined, string][] = [];
  let rest = info.trim();
  while (rest !== '') {
    const end = rest.search(/[=\s]/);
    const word = end < 0 ? rest : rest.slice(0, end);
    rest = end < 0 ? '' : rest.slice(end);
    if (!rest.startsWith('=')) {
      found.push([undefined, word]);
      rest = rest.trimStart();
      continue;
    }
    const quote = rest[1] === '"' || rest[1] === "'" ? rest[1] : undefined;
    const body = rest.slice(quote ? 2 : 1);
    const close = quote ? body.indexOf(quote) : body.search(/\s/);
    found.push([word.toLowerCase(), close < 0 ? body : body.slice(0, close)]);
    rest = close < 0 ? '' : body.slice(close + (quote ? 1 : 0)).trimStart();
  }
  return found;
}

/** An identifier without anything that an address or a file name could mind. */
function nameOf(text: string): string {
  let name = '';
  for (const letter of [...text.trim()].slice(0, MAX_IDENTIFIER)) {
    if (/[\p{Alphabetic}\p{N}._]/u.test(letter)) name += letter;
    else if (name !== '' && !name.endsWith('-')) name += '-';
  }
  return name.replace(/-+$/, '');
}

/** Reads an info string by the server's own rules, so that a fence finds the artifact it made. */
export function parseFence(lang: string | null | undefined, meta: string | null | undefined): Fence {
  let language = '';
  let identifier = '';
  let title = '';
  let type = '';
  for (const [at, [key, value]] of words(`${lang ?? ''} ${meta ?? ''}`).entries()) {
    if (key === undefined) {
      if (at === 0) language = value;
    } else if (key === 'id' || key === 'identifier') identifier = nameOf(value);
    else if (key === 'title') title = value.trim();
    else if (key === 'type') type = value.toLowerCase();
    else if (key === 'language' || key === 'lang') language = value;
  }
  if (identifier === '') return { language };
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
