/** The stream reader: resume, silence, refusal, end. */
import { describe, expect, it } from 'vitest';
import { Problem } from './problem';
import { backOff, follow } from './run-stream';

interface Event {
  n: number;
}

/** A connection whose bytes a test writes. */
function connection() {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start: (own) => {
      controller = own;
    },
  });
  return {
    response: new Response(stream),
    write: (text: string) => controller?.enqueue(encoder.encode(text)),
    end: () => controller?.close(),
    fail: () => controller?.error(new TypeError('network')),
  };
}

const line = (n: number) => `id: ${n}\nevent: x\ndata: {"n":${n}}\n\n`;

/** Follows scripted connections and collects what is heard. */
function listen(connections: (Response | Error)[], options: { last?: number; silenceMs?: number } = {}) {
  const heard: number[] = [];
  const asked: (string | undefined)[] = [];
  const states: string[] = [];
  let closed: (error?: unknown) => void = () => {};
  const done = new Promise<unknown>((resolve) => {
    closed = resolve;
  });
  const stream = follow<Event>({
    path: '/events',
    after: 0,
    silenceMs: options.silenceMs ?? 5000,
    onEvent: (event) => heard.push(event.n),
    isLast: (event) => event.n === options.last,
    onState: (state, error) => {
      states.push(state);
      if (state === 'closed') closed(error);
    },
    connect: async (_path, headers, signal) => {
      asked.push(headers['Last-Event-ID']);
      const next = connections.shift();
      if (!next) throw new Problem(404, { code: 'not_found' });
      if (next instanceof Error) throw next;
      const body = next.body;
      // What fetch does: aborting breaks the body.
      const broken = body?.pipeThrough(new TransformStream(), { signal }) ?? null;
      return new Response(broken);
    },
    delay: async () => {},
  });
  return { heard, asked, states, done, stream };
}

describe('follow', () => {
  it('resumes behind the last event after the connection broke, also inside a line', async () => {
    const first = connection();
    const second = connection();
    const listener = listen([first.response, second.response], { last: 4 });
    first.write(line(1));
    first.write(`${line(2)}id: 3\nda`);
    await new Promise((resolve) => setTimeout(resolve));
    first.fail();
    second.write(line(3) + line(4));
    await listener.done;
    expect(listener.heard).toEqual([1, 2, 3, 4]);
    expect(listener.asked).toEqual(['0', '2']);
    expect(listener.states).toContain('retrying');
  });

  it('reconnects when the server ends the stream before the last event', async () => {
    const first = connection();
    const second = connection();
    const listener = listen([first.response, second.response], { last: 2 });
    first.write(line(1));
    first.end();
    second.write(line(2));
    await listener.done;
    expect(listener.asked).toEqual(['0', '1']);
    expect(listener.heard).toEqual([1, 2]);
  });

  it('treats silence as a broken connection', async () => {
    const silent = connection();
    const second = connection();
    second.write(line(1));
    const listener = listen([silent.response, second.response], { last: 1, silenceMs: 20 });
    await listener.done;
    expect(listener.heard).toEqual([1]);
  });

  it('does not give up on server trouble, and does on a refusal', async () => {
    const good = connection();
    good.write(line(1));
    const listener = listen([
      new Problem(503, { code: 'overloaded' }),
      new TypeError('network'),
      good.response,
      new Problem(403, { code: 'role_missing' }),
    ]);
    good.end();
    expect(await listener.done).toMatchObject({ code: 'role_missing' });
    expect(listener.heard).toEqual([1]);
  });

  it('says nothing more once closed', async () => {
    const first = connection();
    const listener = listen([first.response]);
    first.write(line(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    listener.stream.close();
    await listener.done;
    expect(listener.heard).toEqual([1]);
  });
});

describe('backOff', () => {
  it('grows to a ceiling', () => {
    const delays = [0, 1, 2, 3, 4, 5, 20].map((attempt) => backOff(attempt, 0.5));
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  });
});
