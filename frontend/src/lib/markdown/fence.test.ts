/** The info strings of fences, as models write them. */
import { describe, expect, test } from 'vitest';
import { endsInOpenFence, parseFence } from './fence';

describe('parseFence', () => {
  test.each([
    [
      'tsx',
      'id=chart title="Sales by month" type=react',
      { language: 'tsx', artifact: { identifier: 'chart', title: 'Sales by month', type: 'react' } },
    ],
    [
      'html',
      "identifier='page-1' type='html'",
      { language: 'html', artifact: { identifier: 'page-1', type: 'html' } },
    ],
    ['python', 'title="No identifier"', { language: 'python' }],
    ['id=plan', 'type=mermaid', { language: '', artifact: { identifier: 'plan', type: 'mermaid' } }],
    ['js', '{1,3-4} showLineNumbers', { language: 'js' }],
    ['JSX', 'identifier="a b/c"', { language: 'JSX', artifact: { identifier: 'a-b-c' } }],
    [
      'xml',
      'type=SVG id=a title="unclosed',
      { language: 'xml', artifact: { identifier: 'a', title: 'unclosed', type: 'svg' } },
    ],
    ['rust', 'id=../../etc/passwd', { language: 'rust', artifact: { identifier: '..-..-etc-passwd' } }],
    ['rust', 'id=///', { language: 'rust' }],
    ['rust', 'id= x', { language: 'rust' }],
    [null, null, { language: '' }],
  ])('%s %s', (lang, meta, expected) => {
    expect(parseFence(lang, meta)).toEqual(expected);
  });
});

describe('endsInOpenFence', () => {
  test.each([
    ['```js\nlet a', true],
    ['```js\nlet a\n```', false],
    ['````md\n```js\n```\n', true],
    ['~~~\n```\n~~~', false],
    ['- item\n  ```sh\n  ls', true],
    ['> ```\n> x\n> ```\nafter', false],
    ['text with `code` only', false],
    ['```not a fence``` inline', false],
  ])('%j', (source, open) => {
    expect(endsInOpenFence(source)).toBe(open);
  });
});
