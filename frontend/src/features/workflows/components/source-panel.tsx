/** The saved workflow as the document that an export gives. */
import { useQuery } from '@tanstack/react-query';
import { Download, Info } from 'lucide-react';
import { useState } from 'react';
import type { Workflow } from '@/api/types';
import { Button } from '@/components/ui/button';
import { ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { Markdown } from '@/lib/markdown';
import { unsayable } from '../model/problems';
import { type Form, type Syntax, workflowDocument } from '../queries';
import { download, FormFields, Refused } from './export-dialog';

/** In a fence that is longer than any within. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([marks]) => marks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}

export default function SourcePanel({ workflow, dirty }: { workflow: Workflow; dirty: boolean }) {
  const [format, setFormat] = useState<Form>('conductor');
  const [syntax, setSyntax] = useState<Syntax>('yaml');
  const { data, error, isPending, refetch } = useQuery(
    workflowDocument(workflow, { format, syntax, version: workflow.graph_version }),
  );
  return (
    <div className="wf-panel">
      <div className="wf-source-head">
        <FormFields format={format} syntax={syntax} onFormat={setFormat} onSyntax={setSyntax} />
        <Button variant="outline" disabled={!data} onClick={() => data && download(data)}>
          <Download size={15} />
          {t('Download')}
        </Button>
      </div>
      {dirty && (
        <Notice tone="info" icon={<Info size={16} />}>
          {t('This is version {{version}} as it was saved. Your changes show here after the next save.', {
            version: workflow.graph_version,
          })}
        </Notice>
      )}
      {isPending ? (
        <SkeletonRows rows={8} />
      ) : unsayable(error).length > 0 ? (
        <Refused problems={unsayable(error)} />
      ) : error ? (
        <ErrorState title={t('The document could not be written')} error={error} onRetry={() => refetch()} />
      ) : (
        <Markdown text={fenced(data.text, syntax)} />
      )}
    </div>
  );
}
