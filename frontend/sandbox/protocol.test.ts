/** Messages that do not fit are dropped, on both sides. */
import { describe, expect, test } from 'vitest';
import { MAX_TEXT, readFromFrame, readToFrame } from './protocol';

const render = {
  conductor: 1,
  type: 'render',
  kind: 'html',
  source: '<p>',
  runtime: [],
  theme: 'dark',
  scroll: { x: 0, y: 9 },
};

describe('readToFrame', () => {
  test('takes a render message', () => {
    expect(readToFrame(render)).toEqual(render);
  });

  test.each([
    [null],
    ['render'],
    [{ ...render, conductor: 2 }],
    [{ ...render, kind: 'mermaid' }],
    [{ ...render, source: 7 }],
    [{ ...render, runtime: [1] }],
    [{ type: 'render' }],
    [{ conductor: 1, type: 'ping', id: '1' }],
  ])('drops %j', (message) => {
    expect(readToFrame(message)).toBeUndefined();
  });

  test('repairs what may be missing', () => {
    expect(readToFrame({ ...render, theme: 'neon', scroll: null })).toMatchObject({
      theme: 'light',
      scroll: { x: 0, y: 0 },
    });
  });
});

describe('readFromFrame', () => {
  test.each([
    [{ conductor: 1, type: 'ready' }],
    [{ conductor: 1, type: 'pong', id: 3 }],
    [{ conductor: 1, type: 'height', height: 300 }],
    [{ conductor: 1, type: 'error', message: 'x', stack: '' }],
    [{ conductor: 1, type: 'console', level: 'warn', text: 'x' }],
    [{ conductor: 1, type: 'blocked', directive: 'img-src', uri: 'https://x' }],
  ])('takes %j', (message) => {
    expect(readFromFrame(message)).toEqual(message);
  });

  test.each([
    [{ conductor: 1, type: 'navigate', to: '/' }],
    [{ conductor: 1, type: 'height', height: Number.NaN }],
    [{ conductor: 1, type: 'height', height: -1 }],
    [{ conductor: 1, type: 'console', level: 'evil', text: 'x' }],
    [{ conductor: 1, type: 'error', message: 'x'.repeat(MAX_TEXT + 1), stack: '' }],
    [{ type: 'ready' }],
    [undefined],
  ])('drops %j', (message) => {
    expect(readFromFrame(message)).toBeUndefined();
  });

  test('passes nothing on that it did not check', () => {
    expect(readFromFrame({ conductor: 1, type: 'ready', html: '<script>' })).toEqual({
      conductor: 1,
      type: 'ready',
    });
  });
});
