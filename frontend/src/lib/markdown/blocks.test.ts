/** The cut into blocks: complete, in order, and the same whether the text came at once or by the character. */
import { describe, expect, test } from 'vitest';
import { blockSplitter, splitBlocks } from './blocks';

const DOCUMENT = [
  '# Title',
  '',
  'A paragraph over',
  'two lines.',
  '',
  '- one',
  '- two',
  '',
  '  still two',
  '',
  '```ts id=a title="A" type=code',
  'const a = 1;',
  '',
  '# not a heading',
  '```',
  '',
  '$$',
  'a = b',
  '',
  '= c',
  '$$',
  '',
  '| a | b |',
  '|---|---|',
  '| 1 | 2 |',
  '',
  '[ref]: https://example.org',
  '',
  'Last with [ref] and $5.',
].join('\n');

describe('splitBlocks', () => {
  test('loses no character', () => {
    expect(splitBlocks(DOCUMENT).join('')).toBe(DOCUMENT);
  });

  test('keeps code, formulas and lists in one piece', () => {
    const blocks = splitBlocks(DOCUMENT).map((block) => block.trim());
    expect(blocks).toContain('```ts id=a title="A" type=code\nconst a = 1;\n\n# not a heading\n```');
    expect(blocks).toContain('$$\na = b\n\n= c\n$$');
    expect(blocks).toContain('- one\n- two\n\n  still two');
  });

  test('reads Windows line ends', () => {
    expect(splitBlocks('a\r\n\r\nb').map((block) => block.trim())).toEqual(['a', 'b']);
  });
});

describe('blockSplitter', () => {
  test('ends with the same blocks however the text was cut', () => {
    for (const size of [1, 3, 17]) {
      const split = blockSplitter();
      let blocks: string[] = [];
      for (let end = size; end < DOCUMENT.length + size; end += size) blocks = split(DOCUMENT.slice(0, end));
      expect(blocks).toEqual(splitBlocks(DOCUMENT));
    }
  });

  test('gives the finished blocks back as the same strings', () => {
    const split = blockSplitter();
    const first = split('one\n\ntwo\n\nthree');
    const second = split('one\n\ntwo\n\nthree and more');
    expect(second.slice(0, 2)).toEqual(first.slice(0, 2));
    expect(second[2]).toBe('three and more');
  });

  test('starts over when the text was replaced', () => {
    const split = blockSplitter();
    split('one\n\ntwo\n\nthree');
    expect(split('other')).toEqual(['other']);
  });
});
