// @vitest-environment jsdom
/** The door to the server: headers, problems, refresh. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api as documented, raw, whenSignedOut } from './client';
import { Offline, Problem } from './problem';

/** Any address will do here. */
const api = documented as unknown as Record<
  'get' | 'post',
  (path: string, ...rest: unknown[]) => Promise<unknown>
>;

type Answer = [status: number, body?: unknown];

const calls: { method: string; url: string; headers: Headers; body: unknown }[] = [];
let answers: Record<string, Answer[]> = {};
const signedOut = vi.fn();

beforeEach(() => {
  calls.length = 0;
  answers = {};
  localStorage.clear();
  signedOut.mockClear();
  whenSignedOut(signedOut);
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    calls.push({ method: init.method ?? 'GET', url, headers: new Headers(init.headers), body: init.body });
    const path = url.split('?')[0] ?? '';
    const [status, body] = answers[path]?.shift() ?? [200, {}];
    if (status === 0) throw new TypeError('Failed to fetch');
    return new Response(status === 204 ? null : JSON.stringify(body ?? {}), { status });
  });
});

afterEach(() => vi.unstubAllGlobals());

const expired: Answer = [401, { code: 'token_expired', title: 'Expired' }];

describe('requests', () => {
  it('carry the CSRF header, a request id, and the keys that were asked for', async () => {
    await api.post('/api/x', { a: 1 }, { idempotencyKey: 'k', ifMatch: 3, query: { q: 'a b', none: null } });
    const [call] = calls;
    expect(call?.url).toBe('/api/x?q=a+b');
    expect(call?.headers.get('X-Conductor-CSRF')).toBe('1');
    expect(call?.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(call?.headers.get('Idempotency-Key')).toBe('k');
    expect(call?.headers.get('If-Match')).toBe('"3"');
    expect(call?.body).toBe('{"a":1}');
  });

  it('turn a refusal into a problem with its fields', async () => {
    answers['/api/x'] = [
      [
        422,
        {
          code: 'validation_failed',
          title: 'Invalid',
          errors: [{ pointer: '/email', code: 'x', detail: 'Taken.' }],
        },
      ],
    ];
    const error = await api.post('/api/x').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Problem);
    expect((error as Problem).fieldError('email')).toBe('Taken.');
  });

  it('turn an answer that is no problem document into one all the same', async () => {
    vi.stubGlobal('fetch', async () => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
    await expect(api.get('/api/x')).rejects.toMatchObject({ status: 502, title: 'Bad Gateway' });
  });

  it('say offline when nothing came back', async () => {
    answers['/api/x'] = [[0]];
    await expect(api.get('/api/x')).rejects.toBeInstanceOf(Offline);
  });
});

describe('an expired sign-in', () => {
  it('is refreshed once for all calls that meet it, and they are repeated', async () => {
    answers['/api/a'] = [expired, [200, { ok: 'a' }]];
    answers['/api/b'] = [expired, [200, { ok: 'b' }]];
    const both = await Promise.all([api.get('/api/a'), api.get('/api/b')]);
    expect(both).toEqual([{ ok: 'a' }, { ok: 'b' }]);
    expect(calls.filter((call) => call.url === '/api/auth/refresh')).toHaveLength(1);
    expect(signedOut).not.toHaveBeenCalled();
  });

  it('goes to sign-in when it cannot be refreshed', async () => {
    answers['/api/a'] = [expired];
    answers['/api/auth/refresh'] = [[401, { code: 'token_revoked' }]];
    await expect(api.get('/api/a')).rejects.toMatchObject({ code: 'token_expired' });
    expect(signedOut).toHaveBeenCalledOnce();
  });

  it('is not refreshed when it was revoked', async () => {
    answers['/api/a'] = [[401, { code: 'token_revoked' }]];
    await expect(api.get('/api/a')).rejects.toMatchObject({ code: 'token_revoked' });
    expect(calls).toHaveLength(1);
    expect(signedOut).toHaveBeenCalledOnce();
  });

  it('leaves the caller alone who asks to handle it', async () => {
    answers['/api/a'] = [[401, { code: 'token_revoked' }]];
    await expect(raw('GET', '/api/a', { quiet: true })).rejects.toBeInstanceOf(Problem);
    expect(signedOut).not.toHaveBeenCalled();
  });
});
