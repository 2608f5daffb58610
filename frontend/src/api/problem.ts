/** What the server says when it refuses (RFC 9457), as the one error class of the page. */
import { t } from '@/lib/i18n';

export interface FieldProblem {
  pointer: string;
  code: string;
  detail: string;
}

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  request_id?: string;
  errors?: FieldProblem[];
  retry_after_ms?: number;
  rule_id?: string;
  run_id?: string;
}

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
    this.requestId = body.request_id;
    this.errors = body.errors ?? [];
    this.retryAfterMs = body.retry_after_ms;
    this.ruleId = body.rule_id;
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
