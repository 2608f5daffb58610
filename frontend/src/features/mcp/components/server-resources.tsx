/** What a server offers to read, and a look into it. */
import { useQuery } from '@tanstack/react-query';
import { BookOpen, TriangleAlert } from 'lucide-react';
import { describe } from '@/api/problem';
import { type Connector, contentBlocks } from '@/api/types';
import { Button } from '@/components/ui/button';
import { EmptyState, ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { connectorResources, type Resource, useReadResource } from '../queries';
import { ContentBlocks } from './content-blocks';

export function ServerResources({ connector }: { connector: Connector }) {
  const resources = useQuery(connectorResources(connector.id));
  if (resources.isPending) return <SkeletonRows rows={5} />;
  if (resources.isError) {
    return (
      <ErrorState
        title={t('The resources could not be loaded')}
        error={resources.error}
        onRetry={() => void resources.refetch()}
      />
    );
  }
  const { items } = resources.data;
  if (items.length === 0) {
    return (
      <EmptyState icon={<BookOpen />} title={t('No resources')}>
        {t('This server offers tools only, or has not been asked yet.')}
      </EmptyState>
    );
  }
  return (
    <ul className="server-tools">
      {items.map((resource) => (
        <ResourceRow key={resource.uri} serverId={connector.id} resource={resource} />
      ))}
    </ul>
  );
}

function ResourceRow({ serverId, resource }: { serverId: string; resource: Resource }) {
  const read = useReadResource(serverId);
  const type = resource.mime_type;
  return (
    <li className="px-4 py-3">
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <p className="font-medium">{resource.title ?? resource.name}</p>
          <p className="mono truncate text-xs text-text-3">
            {resource.uri}
            {type && ` · ${type}`}
          </p>
          {resource.description && <p className="mt-1 text-sm text-text-2">{resource.description}</p>}
        </div>
        <Button size="xs" variant="outline" busy={read.isPending} onClick={() => read.mutate(resource.uri)}>
          {t('Read')}
        </Button>
      </div>
      {read.isError && (
        <div className="mt-3">
          <Notice tone="err" icon={<TriangleAlert size={16} />}>
            {describe(read.error)}
          </Notice>
        </div>
      )}
      {read.data && (
        <div className="card mt-3 max-h-[320px] overflow-auto bg-code p-4">
          <ContentBlocks
            content={contentBlocks((read.data.contents ?? []).map((part) => ({ type: 'resource', ...part })))}
          />
        </div>
      )}
    </li>
  );
}
