/** What a grant would change, before it is given: how many it would let in, and their names when somebody asks. */
import { useQuery } from '@tanstack/react-query';
import type { AccessLevel, SubjectKind } from '@/api/types';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { preview, type Resource } from '../queries';
import { StandingRow } from './who-may';

interface Props {
  resource: Resource;
  subject: { subject_type: SubjectKind; subject_id: string };
  level: AccessLevel;
}

export default function GrantPreview({ resource, subject, level }: Props) {
  const { data } = useQuery(preview(resource, subject, level));
  if (!data) return null;
  const named = [...data.gaining, ...data.staying_out];
  return (
    <div className="basis-full" aria-live="polite">
      <Notice tone={data.denied > 0 ? 'warn' : 'info'}>
        <p>
          {data.gains > 0
            ? t('This would let in {{count}} more.', { count: data.gains })
            : t('This would let in nobody new.')}
          {data.already > 0 && ` ${t('{{count}} can do as much already.', { count: data.already })}`}
          {data.denied > 0 && ` ${t('{{count}} still could not.', { count: data.denied })}`}
        </p>
        {named.length > 0 && (
          <details className="mt-2">
            <summary className="cursor-pointer">{t('Names')}</summary>
            <ul className="rows mt-2">
              {named.map((standing) => (
                <StandingRow key={standing.subject_id} standing={standing} />
              ))}
            </ul>
          </details>
        )}
      </Notice>
    </div>
  );
}
