/** The workflows that ship with the server: what each does, how it looks, what it needs, and a press to have it. */
import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { describe } from '@/api/problem';
import type { Workflow, WorkflowTemplate } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { EmptyState, ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { grouped, matching, needsOf } from '../model/templates';
import { useInstantiate, workflowTemplates } from '../queries';
import { GraphSketch } from './sketch';

export default function TemplatesDialog({
  onClose,
  onMade,
}: {
  onClose: () => void;
  onMade: (workflow: Workflow) => void;
}) {
  return (
    <Dialog
      wide
      open
      onClose={onClose}
      title={t('Start from a template')}
      description={t('You get a copy of your own, to be changed as you like.')}
    >
      <Templates onMade={onMade} />
    </Dialog>
  );
}

function Templates({ onMade }: { onMade: (workflow: Workflow) => void }) {
  const [words, setWords] = useState('');
  const wanted = useDeferredValue(words);
  const templates = useQuery(workflowTemplates);
  const make = useInstantiate();
  if (templates.isPending) return <SkeletonRows rows={6} />;
  if (templates.isError) {
    return (
      <ErrorState
        title={t('The templates could not be loaded')}
        error={templates.error}
        onRetry={() => void templates.refetch()}
      />
    );
  }
  const found = matching(templates.data.items, wanted);
  return (
    <div className="wf-form">
      {make.error && <Notice tone="err">{describe(make.error)}</Notice>}
      <label className="field">
        <Search size={15} className="flex-none text-text-3" aria-hidden="true" />
        <input
          type="search"
          aria-label={t('Search templates')}
          placeholder={t('Search by name or task')}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </label>
      {found.length === 0 ? (
        <EmptyState icon={<Search />} title={t('Nothing matches')}>
          {t('No template fits these words.')}
        </EmptyState>
      ) : (
        grouped(found).map(({ category, name, templates }) => (
          <section key={category}>
            <h3 className="card-title wf-group">{name}</h3>
            <ul className="wf-templates" aria-label={t('Templates: {{group}}', { group: name })}>
              {templates.map((template) => (
                <li key={template.id}>
                  <TemplateCard
                    template={template}
                    busy={make.isPending && make.variables === template.id}
                    onUse={() => make.mutate(template.id, { onSuccess: onMade })}
                  />
                </li>
              ))}
            </ul>
          </section>
        ))
      )}
    </div>
  );
}

function TemplateCard({
  template,
  busy,
  onUse,
}: {
  template: WorkflowTemplate;
  busy: boolean;
  onUse: () => void;
}) {
  const needs = needsOf(template);
  return (
    <article className="wf-template card">
      <GraphSketch graph={template.graph} />
      <h4 className="card-title">{template.title}</h4>
      <p className="text-text-2">{template.description}</p>
      {needs.length > 0 && (
        <div className="wf-badges">
          {needs.map(({ text, missing }) => (
            <Status key={text} tone={missing ? 'warn' : 'info'}>
              {text}
            </Status>
          ))}
        </div>
      )}
      <footer>
        <span className="num flex-1 text-sm text-text-3">
          {t('{{count}} nodes', { count: template.node_count })}
        </span>
        <Button
          variant="outline"
          className="text-sm"
          busy={busy}
          onClick={onUse}
          aria-label={t('Use the template {{name}}', { name: template.title })}
        >
          {t('Use it')}
        </Button>
      </footer>
    </article>
  );
}
