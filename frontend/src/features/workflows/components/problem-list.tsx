/** What is wrong with a workflow, the errors first; a problem of a node can lead there. */
import { CircleX, TriangleAlert } from 'lucide-react';
import type { WorkflowProblem } from '@/api/types';
import { t } from '@/lib/i18n';
import { sorted } from '../model/problems';

function place(problem: WorkflowProblem, name: string | undefined, pointed: boolean): string {
  const parts = [];
  if (problem.position) {
    parts.push(
      t('Line {{line}}, column {{column}}', {
        line: problem.position.line,
        column: problem.position.column,
      }),
    );
  }
  if (name) parts.push(t('Node {{name}}', { name }));
  if (pointed && !name && !problem.position && problem.pointer) parts.push(problem.pointer);
  return parts.join(' · ');
}

export function ProblemList({
  problems,
  nameOf,
  onOpen,
  className,
}: {
  problems: readonly WorkflowProblem[];
  /** What the node of a problem is called; without it the problem's own word for it. */
  nameOf?: (problem: WorkflowProblem) => string | undefined;
  onOpen?: (problem: WorkflowProblem) => void;
  className?: string;
}) {
  return (
    <ul className={className} aria-label={t('Problems')}>
      {sorted(problems).map((problem, index) => {
        const where = place(
          problem,
          nameOf ? nameOf(problem) : (problem.node ?? undefined),
          nameOf === undefined,
        );
        const inner = (
          <>
            {problem.severity === 'error' ? (
              <CircleX size={15} aria-hidden="true" />
            ) : (
              <TriangleAlert size={15} aria-hidden="true" />
            )}
            <span>
              <span className="sr-only">
                {problem.severity === 'error' ? t('Error') : t('Warning')}
                {': '}
              </span>
              {problem.message}
              {where && <small>{where}</small>}
            </span>
          </>
        );
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: two problems may say the same of one place
          <li key={index}>
            {onOpen ? (
              <button
                type="button"
                className="wf-problem"
                data-severity={problem.severity}
                onClick={() => onOpen(problem)}
              >
                {inner}
              </button>
            ) : (
              <div className="wf-problem" data-severity={problem.severity}>
                {inner}
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
