/**
 * The one door to the server: cookies, CSRF header, request id, idempotency key, problems, and a silent refresh of an
 * expired sign-in. Features never call `fetch`.
 */
import type { Operations } from './generated/operations.gen';
import { Offline, Problem, type ProblemBody } from './problem';

export interface RequestOptions {
  query?: Record<string, string | number | boolean | null | undefined>;
  /** JSON, or a `FormData` or `Blob` sent as it is. */
  body?: unknown;
  idempotencyKey?: string;
  ifMatch?: string | number;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Off for sign-in itself: its 401 means wrong words, not an expired token. */
  refresh?: boolean;
  /** A lost sign-in is the caller's to handle: nobody is sent away. */
  quiet?: boolean;
}

/** Called when the sign-in is gone for good; the app sends people to `/sign-in` and back. */
let onSignedOut: () => void = () => {};
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

/** Called when the organisation asks for a second factor; the app sends people to set it up. */
let onMfaRequired: () => void = () => {};
export function whenMfaRequired(handler: () => void): void {
  onMfaRequired = handler;
}

export function newId(): string {
  return crypto.randomUUID();
}

function url(path: string, query: RequestOptions['query']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value));
  }
  const search = parameters.toString();
  return search ? `${path}?${search}` : path;
}

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    'X-Request-Id': newId(),
    'X-Conductor-CSRF': '1',
    ...options.headers,
  };
  let body: BodyInit | undefined;
  if (options.body instanceof FormData || options.body instanceof Blob) body = options.body;
  else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(options.body);
  }
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey;
  if (options.ifMatch !== undefined) headers['If-Match'] = `"${options.ifMatch}"`;
  try {
    return await fetch(url(path, options.query), {
      method,
      headers,
      body,
      signal: options.signal,
      credentials: 'same-origin',
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Offline(error);
  }
}

async function problemOf(response: Response): Promise<Problem> {
  let body: ProblemBody = {};
  try {
    body = (await response.json()) as ProblemBody;
  } catch {
    body = { title: response.statusText || `HTTP ${response.status}` };
  }
  const retryAfter = Number(response.headers.get('Retry-After'));
  if (body.retry_after_ms === undefined && retryAfter > 0) body.retry_after_ms = retryAfter * 1000;
  body.request_id ??= response.headers.get('X-Request-Id') ?? undefined;
  return new Problem(response.status, body);
}

const REFRESHED = 'conductor.refreshed-at';

async function refreshOnce(startedAt: number): Promise<boolean> {
  // Another tab may have refreshed while this one waited for the lock; its cookies are ours too.
  const last = Number(localStorage.getItem(REFRESHED) ?? 0);
  if (last > startedAt) return true;
  const response = await send('POST', '/api/auth/refresh', { body: {} });
  if (!response.ok) return false;
  localStorage.setItem(REFRESHED, String(Date.now()));
  return true;
}

let refreshing: Promise<boolean> | undefined;

/** Refreshes the sign-in: one flight per tab, one tab at a time (a refresh token may be used once only). */
export function refreshSession(): Promise<boolean> {
  const startedAt = Date.now();
  refreshing ??= (
    navigator.locks
      ? navigator.locks.request('conductor-refresh', () => refreshOnce(startedAt))
      : refreshOnce(startedAt)
  ).finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

/** Sends, refreshes once when the token has run out, and turns every refusal into a `Problem`. */
export async function raw(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  let response = await send(method, path, options);
  if (response.status === 401 && options.refresh !== false) {
    const problem = await problemOf(response);
    const signedOut = options.quiet ? () => {} : onSignedOut;
    if (problem.code !== 'token_expired' && problem.code !== 'token_missing') {
      signedOut();
      throw problem;
    }
    if (!(await refreshSession())) {
      signedOut();
      throw problem;
    }
    response = await send(method, path, options);
    if (response.status === 401) signedOut();
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.code === 'mfa_required') onMfaRequired();
    throw problem;
  }
  return response;
}

async function json(method: string, path: string, options?: RequestOptions): Promise<unknown> {
  const response = await raw(method, path, options);
  return response.status === 204 ? undefined : response.json();
}

/** `/api/agents/{agent_id}` as the addresses it stands for. */
type Filled<P> = P extends `${infer Before}{${string}}${infer After}`
  ? `${Before}${string}${Filled<After>}`
  : P;

type Method = keyof Operations;

/** The addresses a method knows; any other does not compile. */
export type PathOf<M extends Method> = Filled<keyof Operations[M]> & string;

/** The documented operation that an address belongs to: exactly that one, not a longer or a shorter. */
type Operation<M extends Method, P> = {
  [K in keyof Operations[M]]: [P] extends [Filled<K>]
    ? [Filled<K>] extends [P]
      ? Operations[M][K]
      : never
    : never;
}[keyof Operations[M]];

type Part<M extends Method, P, N extends string> =
  Operation<M, P> extends infer O ? (N extends keyof O ? O[N] : never) : never;

export type AnswerOf<M extends Method, P> = Part<M, P, 'answer'>;
export type BodyOf<M extends Method, P> = Part<M, P, 'body'>;
/** A parameter may be given as `null`: it is then left away. */
type QueryOf<M extends Method, P> = { [K in keyof Part<M, P, 'query'>]?: Part<M, P, 'query'>[K] | null };

type Options<M extends Method, P> = Omit<RequestOptions, 'query' | 'body'> & { query?: QueryOf<M, P> };

/** `{}`, where an operation reads no body. */
type Nothing = Record<string, never>;

/** The API by its documented addresses: what goes in and what comes back is checked against the document. */
export const api = {
  get: <const P extends PathOf<'get'>>(path: P, options?: Options<'get', P>) =>
    json('GET', path, options as RequestOptions) as Promise<AnswerOf<'get', P>>,
  post: <const P extends PathOf<'post'>>(
    path: P,
    body?: BodyOf<'post', P> | Nothing,
    options?: Options<'post', P>,
  ) =>
    json('POST', path, { ...(options as RequestOptions), body: body ?? {} }) as Promise<AnswerOf<'post', P>>,
  put: <const P extends PathOf<'put'>>(path: P, body: BodyOf<'put', P>, options?: Options<'put', P>) =>
    json('PUT', path, { ...(options as RequestOptions), body }) as Promise<AnswerOf<'put', P>>,
  patch: <const P extends PathOf<'patch'>>(
    path: P,
    body: BodyOf<'patch', P>,
    options?: Options<'patch', P>,
  ) => json('PATCH', path, { ...(options as RequestOptions), body }) as Promise<AnswerOf<'patch', P>>,
  delete: async <const P extends PathOf<'delete'>>(
    path: P,
    options?: Options<'delete', P>,
  ): Promise<void> => {
    await json('DELETE', path, options as RequestOptions);
  },
};

/** Uploads one file with progress, which `fetch` cannot tell. */
export function upload<T>(
  path: string,
  file: File,
  onProgress: (share: number) => void,
  signal?: AbortSignal,
): Promise<T> {
  const attempt = () =>
    new Promise<T>((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open('POST', path);
      request.setRequestHeader('X-Conductor-CSRF', '1');
      request.setRequestHeader('X-Request-Id', newId());
      request.responseType = 'json';
      request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
      request.onload = () => {
        if (request.status >= 200 && request.status < 300) resolve(request.response as T);
        else reject(new Problem(request.status, (request.response ?? {}) as ProblemBody));
      };
      request.onerror = () => reject(new Offline());
      request.onabort = () => reject(new DOMException('The upload was removed.', 'AbortError'));
      signal?.addEventListener('abort', () => request.abort(), { once: true });
      const form = new FormData();
      form.append('file', file);
      request.send(form);
    });
  return attempt().catch(async (error: unknown) => {
    const expired = error instanceof Problem && error.status === 401;
    if (!expired || !(await refreshSession())) throw error;
    return attempt();
  });
}
