/** UX-08: formulas render, money and shell variables stay what they are. */
import { describe, expect, test } from 'vitest';
import { parseMarkdown } from './parse';

/** The formulas of a text: `x` inline, `[x]` on a line of its own. */
function formulas(source: string): string[] {
  const found: string[] = [];
  const visit = (node: {
    type: string;
    tagName?: string;
    properties?: Record<string, unknown>;
    children?: unknown[];
  }) => {
    if (node.tagName === 'md-math') {
      const value = String(node.properties?.value);
      found.push(node.properties?.display ? `[${value}]` : value);
    }
    for (const child of node.children ?? []) visit(child as never);
  };
  visit(parseMarkdown(source, { prefix: 't-' }) as never);
  return found;
}

function plain(source: string): string {
  let text = '';
  const visit = (node: { value?: string; children?: unknown[] }) => {
    if (node.value !== undefined) text += node.value;
    for (const child of node.children ?? []) visit(child as never);
  };
  visit(parseMarkdown(source, { prefix: 't-' }) as never);
  return text;
}

describe('formulas', () => {
  test.each([
    ['\\(x^2\\)', ['x^2']],
    ['\\[x^2\\]', ['[x^2]']],
    ['$$x^2$$', ['[x^2]']],
    ['$x$', ['x']],
    ['Let $a_b * c_d * e$ be.', ['a_b * c_d * e']],
    ['before $$a$$ after', ['[a]']],
    ['before \\[a\\] after', ['[a]']],
    ['$$\na = b\n\n= c\n$$', ['[a = b\n\n= c]']],
    ['\\[\n\\frac{1}{2}\n\\]', ['[\\frac{1}{2}]']],
    ['text\n$$\nx - y\n- z\n$$\nmore', ['[x - y\n- z]']],
    ['1. First\n\n   $$\n   x\n   $$\n\n2. Second', ['[x]']],
    ['> \\[ q \\]', ['[q]']],
    ['$x$, $y$ and $z$.', ['x', 'y', 'z']],
    ['($n$-th)', ['n']],
    ['$\\text{5\\$}$', ['\\text{5\\$}']],
    ['a | $|x|$', ['|x|']],
    ['$2 \\times 3$', ['2 \\times 3']],
    ['$3x + 2$', ['3x + 2']],
    ['\\(a \\\\ b\\)', ['a \\\\ b']],
  ])('%j', (source, expected) => {
    expect(formulas(source)).toEqual(expected);
  });
});

describe('everything else stays literal', () => {
  test.each([
    'from $2bn to $4bn',
    '$HOME/bin:$PATH',
    'export PATH=$HOME/bin:$PATH',
    'It costs $5, or 6$ with tax',
    '$20,000 and $30,000',
    '$100-$200 (US$)',
    'US$5/month or US$50/year',
    'a$b$c',
    'only one $ here',
    '$ x $',
    '$$$',
    '$$ never closed',
    'price: $5\n\nother: $6',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's variable, as people paste it
    '$(date) and ${HOME} and $1',
  ])('%j', (source) => {
    expect(formulas(source)).toEqual([]);
    expect(plain(source).replace(/\s+/g, ' ')).toBe(source.replace(/\s+/g, ' '));
  });

  test('an unclosed display leaves the list after it a list', () => {
    const tree = JSON.stringify(parseMarkdown('$$ budget\n\n- one\n- two', { prefix: 't-' }));
    expect(tree).toContain('"ul"');
  });

  test('dollars in code and after a backslash', () => {
    expect(formulas('`$x$` and\n\n```sh\necho $x$\n```')).toEqual([]);
    expect(formulas('\\$x\\$')).toEqual([]);
    expect(plain('\\$x\\$')).toBe('$x$');
  });
});
