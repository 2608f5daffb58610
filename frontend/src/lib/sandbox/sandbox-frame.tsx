/**
 * One artifact, running where it can do no harm. What it logs and what goes wrong is shown here, with a way to try again.
 */
import { ChevronDown, RotateCcw, ShieldAlert, TriangleAlert } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button } from '@/components/ui/button';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import { useTheme } from '@/lib/use-theme';
import type { SandboxKind } from './prepare';
import { type ConsoleLine, type SandboxProblem, useSandbox } from './use-sandbox';
import './sandbox.css';

interface Props {
  kind: SandboxKind;
  source: string;
  /** The frame's name for screen readers. */
  title?: string;
  /** Grows with its content up to this height, instead of filling its parent. */
  maxHeight?: number;
  /** Offers the problem to whoever can repair the artifact. */
  onReport?: (problem: SandboxProblem) => void;
  className?: string;
}

/** Shows `source`; a changed source gets a fresh frame, scrolled where the last one stood. */
export function SandboxFrame({ kind, source, title, maxHeight, onReport, className }: Props) {
  const ref = useRef<HTMLIFrameElement>(null);
  const [retries, setRetries] = useState(0);
  const page = useTheme();
  // Only drawings of ours follow the theme; other artifacts are written for white paper.
  const theme = kind === 'mermaid' && page.startsWith('dark') ? 'dark' : 'light';
  const frame = useFrameKey(kind, source, kind === 'mermaid' ? page : '', retries);
  const sandbox = useSandbox(ref, { kind, source, theme, attempt: frame });
  const { status, problem, height, onLoad } = sandbox;

  return (
    <div className={cx('sandbox', className)} data-status={status} data-kind={kind}>
      {problem && <Problem problem={problem} onRetry={() => setRetries(retries + 1)} onReport={onReport} />}
      {sandbox.blocked.length > 0 && !problem && <Blocked addresses={sandbox.blocked} />}
      {!sandbox.stopped && (
        <iframe
          key={frame}
          ref={ref}
          className="sandbox-frame"
          title={title ?? t('Artifact preview')}
          src="/artifact-frame"
          sandbox="allow-scripts"
          referrerPolicy="no-referrer"
          onLoad={onLoad}
          style={maxHeight ? { height: Math.min(maxHeight, Math.max(48, height)) } : undefined}
        />
      )}
      {status === 'loading' && (
        <div className="sandbox-wait" role="status">
          <span className="spin" aria-hidden="true" />
          <span>{t('Starting the preview')}</span>
        </div>
      )}
      {sandbox.console.length > 0 && <ConsoleLines lines={sandbox.console} />}
    </div>
  );
}

/** A number that changes with everything that needs a fresh frame. */
function useFrameKey(...parts: unknown[]): number {
  const last = useRef({ parts, key: 0 });
  if (parts.some((part, index) => part !== last.current.parts[index])) {
    last.current = { parts, key: last.current.key + 1 };
  }
  return last.current.key;
}

function Problem({
  problem,
  onRetry,
  onReport,
}: {
  problem: SandboxProblem;
  onRetry: () => void;
  onReport: Props['onReport'];
}) {
  return (
    <div className="sandbox-problem" role="alert">
      <div className="flex items-start gap-2">
        <TriangleAlert size={16} aria-hidden="true" className="mt-0.5 flex-none" />
        <p className="min-w-0 flex-1 break-words">{problem.message}</p>
      </div>
      {problem.detail && (
        <details>
          <summary>{t('Where it happened')}</summary>
          <pre>{problem.detail}</pre>
        </details>
      )}
      <div className="flex gap-2">
        <Button variant="outline" size="xs" onClick={onRetry}>
          <RotateCcw size={14} />
          {t('Run again')}
        </Button>
        {onReport && (
          <Button variant="outline" size="xs" onClick={() => onReport(problem)}>
            {t('Ask for a fix')}
          </Button>
        )}
      </div>
    </div>
  );
}

function Blocked({ addresses }: { addresses: string[] }) {
  return (
    <div className="sandbox-blocked" role="status">
      <ShieldAlert size={15} aria-hidden="true" className="mt-0.5 flex-none" />
      <p className="min-w-0 break-words">
        {t('Artifacts run without a network. Refused: {{addresses}}', {
          addresses: addresses.slice(0, 3).join(', '),
        })}
        {addresses.length > 3 && ` +${addresses.length - 3}`}
      </p>
    </div>
  );
}

function ConsoleLines({ lines }: { lines: ConsoleLine[] }) {
  const [open, setOpen] = useState(false);
  return (
    <section className="sandbox-console" aria-label={t('Console')}>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronDown
          size={15}
          aria-hidden="true"
          className={cx('transition-transform', !open && '-rotate-90')}
        />
        <span className="flex-1">{t('Console')}</span>
        <span className="st count">{lines.length}</span>
      </button>
      {open && (
        <ol>
          {lines.map((line) => (
            <li key={line.id} data-level={line.level}>
              {line.text}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
