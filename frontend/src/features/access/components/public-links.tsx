/** Public links of a conversation, or of one version of an artifact of it: made, copied once, and taken back. */
import { useQuery } from '@tanstack/react-query';
import { Link2, X } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextField } from '@/components/ui/field';
import { ErrorState } from '@/components/ui/states';
import { copyText } from '@/lib/clipboard';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { publicLinks, useCloseLink, useMakeLink } from '../queries';

const DAYS = [1, 7, 30, 90];

interface Props {
  conversationId: string;
  /** The version that links open alone. */
  artifactId?: string | undefined;
}

export default function PublicLinks({ conversationId, artifactId }: Props) {
  const { data, error, refetch } = useQuery(publicLinks(conversationId));
  const make = useMakeLink(conversationId, artifactId);
  const close = useCloseLink();
  const [days, setDays] = useState('7');
  const [link, setLink] = useState('');
  const fail = (problem: unknown) => toast.error(describe(problem));
  const create = () =>
    make.mutate(
      // A minute less than the days, so that a slow clock here asks for no more than is allowed.
      new Date(Date.now() + Number(days) * 86_400_000 - 60_000).toISOString(),
      {
        onSuccess: ({ token }) => setLink(`${window.location.origin}/share#${token}`),
        onError: fail,
      },
    );
  // A conversation tells of all that is open of it; a version of its own links.
  const open = data?.items.filter((one) => !artifactId || one.artifact_id === artifactId) ?? [];
  const copy = async () => {
    if (await copyText(link)) toast.message(t('Link copied.'));
  };
  return (
    <section className="grid gap-3" aria-label={t('Public links')}>
      <h3 className="font-medium">{t('Public links')}</h3>
      <p className="text-sm text-text-3">
        {artifactId
          ? t('Whoever has a link reads this version, without an account.')
          : t('Whoever has a link reads this conversation as far as it goes now, without an account.')}
      </p>
      <div className="flex flex-wrap items-end gap-3">
        <SelectField
          label={t('Open for')}
          wrapperClassName="min-w-44"
          value={days}
          onChange={(event) => setDays(event.target.value)}
        >
          {DAYS.map((count) => (
            <option key={count} value={count}>
              {count === 1 ? t('1 day') : t('{{count}} days', { count })}
            </option>
          ))}
        </SelectField>
        <Button variant="outline" busy={make.isPending} onClick={create}>
          {t('Make a public link')}
        </Button>
      </div>
      {link && (
        <div className="flex flex-wrap items-end gap-3">
          <TextField
            label={t('New link')}
            wrapperClassName="min-w-0 flex-1"
            value={link}
            readOnly
            onFocus={(event) => event.target.select()}
          />
          <Button onClick={copy}>{t('Copy link')}</Button>
          <p className="basis-full text-sm text-text-3">{t('Copy it now: it is not shown again.')}</p>
        </div>
      )}
      {error && (
        <ErrorState
          title={t('The public links could not be loaded')}
          error={error}
          onRetry={() => refetch()}
        />
      )}
      {open.length > 0 && (
        <ul className="card rows" aria-label={t('Open public links')}>
          {open.map((one) => (
            <li key={one.id} className="flex items-center gap-3 px-4 py-3">
              <Link2 size={16} aria-hidden="true" />
              <span className="min-w-0 flex-1 text-sm">
                {t('Made {{made}}, ends {{ends}}, seen {{views}} times', {
                  made: dateTime(one.created_at),
                  ends: dateTime(one.expires_at),
                  views: one.view_count,
                })}
                {one.artifact_id && !artifactId && ` · ${t('an artifact')}`}
              </span>
              <IconButton
                label={t('Take the link back')}
                disabled={close.isPending}
                onClick={() => close.mutate(one.id, { onSuccess: () => setLink(''), onError: fail })}
              >
                <X size={17} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
