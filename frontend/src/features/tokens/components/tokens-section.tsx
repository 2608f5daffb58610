/** The tokens of one agent or service account: issued, listed, ended, removed. */
import { useQuery } from '@tanstack/react-query';
import { Ban, Check, Clock, KeyRound, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import { queryClient } from '@/api/queries';
import type { IssuedToken } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { ConfirmDialog, Dialog } from '@/components/ui/dialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { ago, dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { covers } from '@/lib/permissions';
import { toast } from '@/lib/toast';
import { offered } from '../model/scopes';
import { deleteToken, revokeToken, type TokenOwner, tokensQuery } from '../queries';
import { IssueToken } from './issue-token';

export function TokensSection({
  owner,
  lead,
  permissions,
  allowlist,
  fixed,
}: {
  owner: TokenOwner;
  lead: string;
  /** What the caller may do. */
  permissions: readonly string[];
  /** What the tokens of a service account may include. */
  allowlist?: readonly string[];
  /** What every token may do, where there is nothing to choose. */
  fixed?: readonly string[];
}) {
  const query = useQuery(tokensQuery(owner));
  const [issuing, setIssuing] = useState(false);
  const [asking, setAsking] = useState<{ token: IssuedToken; end: boolean }>();
  const choices = offered(permissions, allowlist);
  const nothing = !fixed && choices.length === 0;
  const may = (verb: string) =>
    covers(permissions, owner.kind === 'agents' ? `agent_token.${verb}` : 'service_account.update');
  const tokens = query.data?.items ?? [];
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-4">
        <p className="min-w-0 flex-1 basis-72 text-text-2">{lead}</p>
        {may('create') && (
          <Button
            // Beside "New service account" it is not the first thing to do.
            variant={owner.kind === 'agents' ? 'primary' : 'outline'}
            onClick={() => setIssuing(true)}
            disabled={nothing}
            title={nothing ? t('The allowlist leaves nothing that a token could do.') : undefined}
          >
            <Plus size={16} />
            {t('New token')}
          </Button>
        )}
      </div>
      {query.isPending ? (
        <SkeletonRows rows={3} className="py-4" />
      ) : query.isError ? (
        <ErrorState
          title={t('The tokens could not be loaded')}
          error={query.error}
          onRetry={() => void query.refetch()}
        />
      ) : tokens.length === 0 ? (
        <div className="card">
          <EmptyState icon={<KeyRound />} title={t('No tokens yet')}>
            {t('Tokens appear here with what they may do, and until when.')}
          </EmptyState>
        </div>
      ) : (
        <ul className="card rows">
          {tokens.map((token) => (
            <Row
              key={token.id}
              token={token}
              onRevoke={may('revoke') ? () => setAsking({ token, end: true }) : undefined}
              onDelete={may('delete') ? () => setAsking({ token, end: false }) : undefined}
            />
          ))}
        </ul>
      )}
      <Dialog open={issuing} onClose={() => setIssuing(false)} title={t('New token')} wide>
        <IssueToken owner={owner} choices={choices} fixed={fixed} onClose={() => setIssuing(false)} />
      </Dialog>
      <ConfirmDialog
        open={asking !== undefined}
        onClose={() => setAsking(undefined)}
        title={asking?.end ? t('Revoke this token?') : t('Delete this token?')}
        description={
          asking?.end
            ? t('Whatever uses {{name}} is turned away within a second. This cannot be undone.', {
                name: asking.token.name,
              })
            : t('{{name}} disappears from this list. It does not work any more.', {
                name: asking?.token.name ?? '',
              })
        }
        confirm={asking?.end ? t('Revoke') : t('Delete')}
        onConfirm={async () => {
          if (!asking) return;
          try {
            if (asking.end) await revokeToken(owner, asking.token.jti);
            else await deleteToken(owner, asking.token.jti);
          } catch (error) {
            toast.error(describe(error));
          }
          await queryClient.invalidateQueries({ queryKey: tokensQuery(owner).queryKey });
        }}
      />
    </div>
  );
}

function Row({
  token,
  onRevoke,
  onDelete,
}: {
  token: IssuedToken;
  onRevoke: (() => void) | undefined;
  onDelete: (() => void) | undefined;
}) {
  const active = token.status === 'active';
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <span className="tile size-9! rounded-md!">
        <KeyRound size={18} />
      </span>
      <span className="min-w-0 flex-1 basis-56">
        <span className="block truncate font-medium">{token.name}</span>
        <span className="mono block truncate text-sm text-text-2" title={token.scopes.join(' ')}>
          {token.scopes.join(' ')}
        </span>
        <span className="block text-sm text-text-3">
          {[
            active
              ? t('until {{when}}', { when: dateTime(token.expires_at) })
              : token.revoked_at
                ? t('revoked {{when}}', { when: ago(token.revoked_at) })
                : t('ended {{when}}', { when: ago(token.expires_at) }),
            token.last_used_at ? t('used {{when}}', { when: ago(token.last_used_at) }) : t('never used'),
          ].join(' · ')}
        </span>
      </span>
      <TokenStatus status={token.status} />
      {active
        ? onRevoke && (
            <Button variant="outline" className="text-sm" onClick={onRevoke}>
              {t('Revoke')}
            </Button>
          )
        : onDelete && (
            <IconButton label={t('Delete {{name}}', { name: token.name })} onClick={onDelete}>
              <Trash2 size={17} />
            </IconButton>
          )}
    </li>
  );
}

function TokenStatus({ status }: { status: IssuedToken['status'] }) {
  if (status === 'active') {
    return (
      <Status tone="ok" icon={<Check />}>
        {t('Active')}
      </Status>
    );
  }
  if (status === 'expired') return <Status icon={<Clock />}>{t('Expired')}</Status>;
  return (
    <Status tone="err" icon={<Ban />}>
      {t('Revoked')}
    </Status>
  );
}
