/**
 * Cuts growing Markdown into top-level blocks, so that a stream re-parses its last block only.
 *
 * Every block but the last is final once the next one has begun; the cut is made by marked's block lexer, which is
 * cheap because the inline lexer never runs.
 */
import { Lexer, Marked, type Tokens } from 'marked';

const marked = new Marked({ gfm: true });
marked.use({
  extensions: [
    {
      name: 'displayMath',
      level: 'block',
      tokenizer(source: string): Tokens.Generic | undefined {
        const match = /^ {0,3}(?:\$\$(?!\$)[\s\S]+?\$\$|\\\[[\s\S]+?\\\])[ \t]*(?:\n+|$)/.exec(source);
        return match ? { type: 'displayMath', raw: match[0] } : undefined;
      },
      renderer: () => '',
    },
  ],
});

/** The blocks of `text` in order; joined they are `text` again. */
export function splitBlocks(text: string): string[] {
  const source = text.replace(/\r\n?/g, '\n');
  const blocks: string[] = [];
  for (const token of new Lexer(marked.defaults).blockTokens(source, [])) {
    // Blank lines belong to the block before them: an own block would never stop changing.
    if (token.type === 'space' && blocks.length > 0) blocks[blocks.length - 1] += token.raw;
    else if (token.raw !== '') blocks.push(token.raw);
  }
  return blocks;
}

/** A splitter with memory: of a text that grew it lexes only what follows the last block but one. */
export function blockSplitter(): (text: string) => string[] {
  let known: string[] = [];
  let before = '';
  return (raw) => {
    const text = raw.replace(/\r\n?/g, '\n');
    if (text === before) return known;
    const stable = text.startsWith(before) ? known.slice(0, Math.max(0, known.length - 2)) : [];
    const offset = stable.reduce((sum, block) => sum + block.length, 0);
    known = [...stable, ...splitBlocks(text.slice(offset))];
    before = text;
    return known;
  };
}
