// @vitest-environment jsdom
/** The last render replaces nothing that already stood: no flicker, no lost selection, no second colouring. */
import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { Markdown } from './markdown';

vi.mock('./markdown.css', () => ({}));
afterEach(cleanup);

const TEXT =
  'One **bold** word.\n\n```js\nlet a = 1;\n```\n\n- first\n- second\n\nLast line, see [1].\n\n[1]: https://example.org\n';

test('blocks keep their elements from the first word to the last', () => {
  const { container, rerender } = render(<Markdown text={TEXT.slice(0, 60)} streaming />);
  const paragraph = container.querySelector('p');
  const figure = container.querySelector('figure');
  expect(paragraph?.textContent).toBe('One bold word.');
  for (let end = 61; end <= TEXT.length; end += 7) rerender(<Markdown text={TEXT.slice(0, end)} streaming />);
  rerender(<Markdown text={TEXT} streaming />);
  expect(container.querySelector('a')).toBeNull();
  const list = container.querySelector('ul');

  rerender(<Markdown text={TEXT} />);
  expect(container.querySelector('p')).toBe(paragraph);
  expect(container.querySelector('figure')).toBe(figure);
  expect(container.querySelector('ul')).toBe(list);
  // A reference crosses blocks: only the whole text knows it.
  expect(container.querySelector('a')?.getAttribute('href')).toBe('https://example.org/');
});

test('while it streams, a block that is over is not rendered again', () => {
  const { container, rerender } = render(<Markdown text={'One.\n\nTwo.\n\nThr'} streaming />);
  const first = container.querySelector('p');
  if (!first) throw new Error('the first paragraph is missing');
  first.dataset.seen = 'yes';
  rerender(<Markdown text={'One.\n\nTwo.\n\nThree and more'} streaming />);
  expect(container.querySelector('p')?.dataset.seen).toBe('yes');
  expect(container.querySelectorAll('p')).toHaveLength(3);
});

test('code while its fence is open shows every word at once', () => {
  const { container } = render(<Markdown text={'```js\nlet a = 1;\nlet b'} streaming />);
  expect(container.querySelector('code')?.textContent).toBe('let a = 1;\nlet b');
});
