/** What a test of the connection found, and what to do about it. */
import { Check, RotateCcw, TriangleAlert } from 'lucide-react';
import { describe } from '@/api/problem';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import type { ConnectAnswer } from '../queries';

interface Props {
  pending: boolean;
  answer: ConnectAnswer | undefined;
  error: unknown;
  onRetry: () => void;
}

/** Hints for the problems people meet first. */
function advice(code: string): string | undefined {
  if (code.includes('egress') || code.includes('address')) {
    return t('The operator can allow private addresses with CONDUCTOR_EGRESS_ALLOW.');
  }
  if (code.includes('unauthorized') || code.includes('auth')) return t('Check the token or key.');
  if (code.includes('stdio')) return t('The operator can allow local programs with CONDUCTOR_MCP_STDIO=on.');
  return undefined;
}

export function ConnectionTest({ pending, answer, error, onRetry }: Props) {
  if (pending) {
    return (
      <p className="flex items-center gap-3 py-6 text-text-2" role="status">
        <span className="spin" aria-hidden="true" />
        {t('Connecting and asking what it can do')}
      </p>
    );
  }
  const problem = answer?.error;
  if (error || (answer && !answer.ok && !answer.needs_confirmation)) {
    const hint = problem ? advice(problem.code) : undefined;
    return (
      <Notice
        tone="err"
        icon={<TriangleAlert size={16} />}
        action={
          <Button size="xs" variant="outline" onClick={onRetry}>
            <RotateCcw size={14} />
            {t('Test again')}
          </Button>
        }
      >
        <b className="block font-semibold">{problem?.title ?? t('The server could not be reached')}</b>
        {error ? describe(error) : problem?.detail}
        {hint && <span className="mt-1 block">{hint}</span>}
      </Notice>
    );
  }
  if (!answer?.ok) return null;
  return (
    <Notice tone="ok" icon={<Check size={16} />}>
      <b className="block font-semibold">
        {answer.server_info
          ? `${answer.server_info.name} ${answer.server_info.version}`
          : t('The server answered')}
      </b>
      <span className="num">
        {t('Answered in {{ms}} ms', { ms: Math.round(answer.latency_ms) })}
        {answer.protocol_version && `, ${t('protocol {{version}}', { version: answer.protocol_version })}`}
      </span>
    </Notice>
  );
}
