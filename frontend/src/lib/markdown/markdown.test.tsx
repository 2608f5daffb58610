/** What reaches the page: safe, complete, and the same after the last word as it was while streaming. */
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import { imageSource, safeHref } from './links';
import { Markdown } from './markdown';

vi.mock('./markdown.css', () => ({}));

const show = (text: string, streaming = false) =>
  renderToStaticMarkup(
    <Markdown
      text={text}
      streaming={streaming}
      renderArtifact={(identifier) => <b data-chip={identifier} />}
    />,
  );

describe('links and pictures', () => {
  test.each([
    ['https://example.org/a?b=1', 'https://example.org/a?b=1'],
    ['mailto:a@example.org', 'mailto:a@example.org'],
    ['/c/123', '/c/123'],
    ['#note', '#note'],
    ['javascript:alert(1)', undefined],
    ['JaVaScRiPt:alert(1)', undefined],
    ['java\nscript:alert(1)', undefined],
    ['data:text/html,<script>', undefined],
    ['vbscript:x', undefined],
    ['file:///etc/passwd', undefined],
    ['//evil.example/x', undefined],
    ['/\\evil.example', undefined],
  ])('%j', (href, expected) => {
    expect(safeHref(href)).toBe(expected);
  });

  test('a picture of another host is a link, never a request', () => {
    expect(imageSource('https://evil.example/p.png?q=secret')).toMatchObject({
      show: 'link',
      host: 'evil.example',
    });
    const html = show('![total](https://evil.example/p.png?q=secret)');
    expect(html).not.toContain('<img');
    expect(html).toContain('evil.example');
    expect(html).toContain('rel="noopener noreferrer"');
  });

  test('pictures of this server and inline bytes are shown', () => {
    expect(show('![a](/api/files/1/content)')).toContain('<img src="/api/files/1/content"');
    expect(show('![a](data:image/svg+xml;base64,AAAA)')).not.toContain('<img');
  });

  test('a link that may not be followed keeps its words', () => {
    expect(show('[click](javascript:alert(1))')).not.toContain('href');
    expect(show('[click](javascript:alert(1))')).toContain('click');
  });
});

describe('raw HTML', () => {
  test.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<iframe src="/"></iframe>',
    'a <b onclick="x()">b</b>',
  ])('%s stays text', (source) => {
    const html = show(source);
    expect(html).not.toMatch(/<(script|iframe|img)/);
    expect(html).toContain('&lt;');
  });

  test('a break in a table is a break', () => {
    expect(show('| a |\n|---|\n| x<br>y |')).toContain('x<br/>y');
  });
});

describe('artifacts', () => {
  const fence = 'Here:\n\n```tsx id=chart title="Chart" type=react\nexport default 1\n```\n\nDone.';

  test('a fence with an identifier becomes its chip', () => {
    expect(show(fence)).toContain('<b data-chip="chart"></b>');
    expect(show(fence)).not.toContain('export default');
  });

  test('also while it streams', () => {
    expect(show(fence.slice(0, 60), true)).toContain('<b data-chip="chart"></b>');
  });

  test('a fence without one stays code', () => {
    expect(show('```tsx\nexport default 1\n```')).toContain('export default');
  });
});

describe('streaming', () => {
  test('half-written marks are completed, money is not touched', () => {
    expect(show('This is **bo', true)).toContain('<strong>bo</strong>');
    expect(show('from $2bn to $4bn and `co', true)).toContain('from $2bn to $4bn');
    expect(show('see [the docs](https://exam', true)).not.toContain('https://exam');
  });

  test('the last render equals one that never streamed', () => {
    const text = 'A [link][1] and a note.[^n]\n\n- a\n- b\n\n[1]: https://example.org\n\n[^n]: The note.\n';
    expect(show(text)).toContain('href="https://example.org/"');
    expect(show(text)).toContain('The note.');
  });

  test('an open formula shows its source', () => {
    expect(show('so\n\n$$\n\\frac{1}{', true)).toContain('md-math-source');
  });
});

test('headings begin below the page title', () => {
  expect(show('# One')).toContain('<h2');
});
