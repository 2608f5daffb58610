/**
 * Coloured lines as markup: classes instead of colours, so that one result serves every theme.
 */
import type { ThemedToken } from 'shiki/core';

const CLASSES: Record<string, string> = {
  'token-keyword': 'tk-k',
  'token-string': 'tk-s',
  'token-string-expression': 'tk-s',
  'token-constant': 'tk-n',
  'token-comment': 'tk-c',
  'token-function': 'tk-f',
  'token-link': 'tk-f',
  'token-punctuation': 'tk-p',
  'token-inserted': 'tk-s',
  'token-deleted': 'tk-k',
  'token-changed': 'tk-n',
};

const escapeHtml = (text: string): string =>
  text.replace(/[&<>]/g, (char) => (char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;'));

/** The markup of tokenised lines; neighbours of one colour share an element. */
export function toMarkup(lines: ThemedToken[][]): string {
  return lines
    .map((line) => {
      let markup = '';
      let open = '';
      for (const token of line) {
        const name = /--shiki-([\w-]+)/.exec(token.color ?? '')?.[1] ?? '';
        const wanted = token.content.trim() === '' ? open : (CLASSES[name] ?? '');
        if (wanted !== open) {
          if (open) markup += '</span>';
          if (wanted) markup += `<span class="${wanted}">`;
          open = wanted;
        }
        markup += escapeHtml(token.content);
      }
      return open ? `${markup}</span>` : markup;
    })
    .join('\n');
}
