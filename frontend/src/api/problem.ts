/** What the server says when it refuses (RFC 9457), as the one error class of the page. */
import { t } from '@/lib/i18n';
import type { FieldProblem, Problem as WireProblem } from './generated/types.gen';

/** Whatever of a problem arrived: a proxy in between may answer with less, or with none of it. */
export type ProblemBody = Partial<WireProblem>;

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly errors: FieldProblem[];
  readonly retryAfterMs: number | undefined;
  readonly ruleId: string | undefined;

  constructor(status: number, body: ProblemBody) {
    const title = body.title ?? t('Something went wrong');
    super(body.detail ?? title);
    this.name = 'Problem';
    this.status = status;
    this.code = body.code ?? 'unknown';
    this.title = title;
    this.detail = body.detail ?? '';
    this.requestId = body.request_id ?? undefined;
    this.errors = body.errors ?? [];
    this.retryAfterMs = body.retry_after_ms ?? undefined;
    this.ruleId = body.rule_id ?? undefined;
  }

  /** The sentence for one field of a form, named by its JSON pointer (`/email`). */
  fieldError(name: string): string | undefined {
    return this.errors.find((error) => error.pointer === `/${name}` || error.pointer === name)?.detail;
  }
}

/** The request never reached the server, or the answer never came back. */
export class Offline extends Error {
  constructor(cause?: unknown) {
    super('offline', { cause });
    this.name = 'Offline';
  }
}

/** An error as one sentence for people. */
export function describe(error: unknown): string {
  if (error instanceof Offline) return t('The server cannot be reached. Check the connection and try again.');
  if (error instanceof Problem) {
    const fields = error.errors.map((field) => field.detail).filter(Boolean);
    return [error.detail || error.title, ...fields.filter((field) => field !== error.detail)].join(' ');
  }
  return error instanceof Error ? error.message : String(error);
}
