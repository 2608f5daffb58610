/** What the guards of a policy found: which rule matched, and how often. Secrets are never shown whole. */
import { ShieldAlert } from 'lucide-react';
import type { GuardFinding } from '@/api/types';
import { t } from '@/lib/i18n';

function kindName(kind: GuardFinding['kind']): string {
  return {
    injection: t('Instructions to the model'),
    secret: t('Secrets'),
    pii: t('Personal data'),
  }[kind];
}

export function Findings({ findings }: { findings: GuardFinding[] }) {
  return (
    <ul className="grid gap-1 text-sm" aria-label={t('Found by guards')}>
      {findings.map((finding) => (
        <li key={`${finding.kind}/${finding.rule}`} className="flex items-baseline gap-2 text-warn">
          <ShieldAlert size={15} className="shrink-0 translate-y-0.5" aria-hidden="true" />
          <span className="min-w-0">
            {kindName(finding.kind)}: <b className="mono font-medium">{finding.rule}</b>
            {finding.count > 1 && <span className="num"> × {finding.count}</span>}
            <q className="ml-1.5 break-words text-text-2">{finding.excerpt}</q>
          </span>
        </li>
      ))}
    </ul>
  );
}
