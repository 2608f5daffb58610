/** What a public link opens, to read: no account, no tools, nothing beside it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Link2Off } from 'lucide-react';
import { useEffect } from 'react';
import { Problem } from '@/api/problem';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { Markdown } from '@/lib/markdown/markdown';
import { publicView } from '../queries';

export function PublicSharePage({ token }: { token: string }) {
  const { data, error, isPending, refetch } = useQuery(publicView(token));
  // Whether it is over, was taken back or never was is told to nobody; that it could not be asked is.
  const failed = error && !(error instanceof Problem && error.status === 404);
  useEffect(() => {
    const robots = document.createElement('meta');
    robots.name = 'robots';
    robots.content = 'noindex, nofollow';
    document.head.append(robots);
    return () => robots.remove();
  }, []);
  return (
    <main className="mx-auto grid w-full max-w-3xl gap-5 p-6">
      <Link to="/" className="justify-self-start text-sm text-text-3">
        Conductor
      </Link>
      {isPending && token ? (
        <SkeletonRows rows={4} />
      ) : failed ? (
        <ErrorState title={t('This link could not be opened')} error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <EmptyState icon={<Link2Off size={24} />} title={t('This link opens nothing')}>
          {t('It may be over or taken back. Ask whoever gave it to you for another one.')}
        </EmptyState>
      ) : (
        <>
          <header>
            <h1 className="text-xl font-semibold">{data.title || t('Shared conversation')}</h1>
            <p className="text-sm text-text-3">
              {t('Read only. Open until {{when}}.', { when: dateTime(data.expires_at) })}
            </p>
          </header>
          {data.messages?.map((message) => (
            <article key={`${message.created_at} ${message.role}`} className="card p-4">
              <h2 className="text-sm text-text-3">
                {message.role === 'user' ? t('Person') : t('Assistant')}
              </h2>
              <Markdown text={message.content} />
            </article>
          ))}
          {data.artifact && <pre className="card overflow-x-auto p-4 text-sm">{data.artifact.content}</pre>}
        </>
      )}
    </main>
  );
}
