/** Whether the chain holds, live: how far it is sealed, how far it was checked, and a button that checks it now. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleDashed, ShieldCheck, ShieldX } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { describe } from '@/api/problem';
import { queryClient } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { ErrorState, Skeleton } from '@/components/ui/states';
import { ago, count, dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { type AuditChain, type AuditVerification, chainQuery, verifyChain } from '../queries';

function Verdict({ chain }: { chain: AuditChain }) {
  const { verification } = chain;
  if (!verification) {
    return (
      <>
        <CircleDashed className="text-text-3" />
        <div className="min-w-0 flex-1">
          <p className="h">
            {chain.sealed_to > 0
              ? t('Sealed up to #{{seq}}, not checked yet', { seq: count(chain.sealed_to) })
              : t('Nothing sealed yet')}
          </p>
          <Facts chain={chain} />
        </div>
      </>
    );
  }
  return verification.fault ? (
    <>
      <ShieldX className="text-err" />
      <div className="min-w-0 flex-1">
        <p className="h text-err">
          {t('The log was changed at #{{seq}}', { seq: count(verification.fault.seq) })}
        </p>
        <Fault verification={verification} />
      </div>
    </>
  ) : (
    <>
      <ShieldCheck className="text-ok" />
      <div className="min-w-0 flex-1">
        <p className="h">
          {verification.to >= verification.from
            ? t('Chain verified up to #{{seq}}', { seq: count(verification.to) })
            : t('Nothing sealed yet')}
        </p>
        <Facts chain={chain} />
      </div>
    </>
  );
}

function Fault({ verification: { fault } }: { verification: AuditVerification }) {
  if (!fault) return null;
  return (
    <p className="mt-0.5 text-sm text-text-2">
      {t('Entry {{seq}}: {{detail}}.', { seq: count(fault.seq), detail: fault.detail })}{' '}
      {fault.event_id && (
        <Link to="/governance/audit" search={{ entry: fault.event_id }} className="link">
          {t('Show the entry')}
        </Link>
      )}
    </p>
  );
}

function Facts({ chain }: { chain: AuditChain }) {
  const { verification, last_checkpoint: checkpoint } = chain;
  const facts = [
    verification && t('checked {{when}}', { when: ago(verification.at) }),
    verification &&
      verification.checkpoints > 0 &&
      t('{{count}} signed checkpoints agree', { count: verification.checkpoints }),
    !verification && checkpoint && t('last signed {{when}}', { when: dateTime(checkpoint.at) }),
    chain.unsealed > 0 && t('{{count}} entries wait to be sealed', { count: chain.unsealed }),
  ].filter(Boolean);
  return <p className="mt-0.5 text-sm text-text-3">{facts.join(' · ') || t('All entries are sealed')}</p>;
}

export function ChainStatus({ organizationId }: { organizationId: string }) {
  const { data: chain, error, isPending, refetch } = useQuery(chainQuery(organizationId));
  const check = useMutation({
    mutationFn: () => verifyChain(organizationId),
    onError: (problem) => toast.error(describe(problem)),
  });
  const grown = chain ? chain.sealed_to + chain.unsealed : undefined;
  const seen = useRef(grown);
  useEffect(() => {
    if (grown === undefined) return;
    // The log has grown: what is listed is not the newest any more.
    if (seen.current !== undefined && seen.current !== grown) {
      void queryClient.invalidateQueries({ queryKey: ['audit', 'entries', organizationId] });
    }
    seen.current = grown;
  }, [grown, organizationId]);
  if (error && !chain) {
    return (
      <div className="card">
        <ErrorState
          title={t('The state of the chain could not be loaded')}
          error={error}
          onRetry={() => void refetch()}
        />
      </div>
    );
  }
  return (
    <section className="card audit-chain" aria-label={t('Chain')} aria-busy={isPending}>
      {chain ? (
        <div className="flex min-w-0 flex-1 basis-72 items-start gap-3" aria-live="polite">
          <Verdict chain={chain} />
        </div>
      ) : (
        <Skeleton className="w-64" />
      )}
      <Button variant="outline" busy={check.isPending} disabled={!chain} onClick={() => check.mutate()}>
        {check.isPending ? t('Checking') : t('Verify')}
      </Button>
    </section>
  );
}
