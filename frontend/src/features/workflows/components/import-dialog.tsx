/** Brings a document in: pasted, chosen or dropped; what it says and what is wrong with it shows before it is kept. */
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, FileUp, TriangleAlert } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { describe, Problem } from '@/api/problem';
import type { CheckedWorkflow, Workflow } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { graphOf } from '../model/graph';
import { formatName } from '../model/names';
import { errorsIn } from '../model/problems';
import { checkDocument, useImportWorkflow } from '../queries';
import { ProblemList } from './problem-list';

export function ImportDialog({
  open,
  onClose,
  onMade,
}: {
  open: boolean;
  onClose: () => void;
  onMade: (workflow: Workflow) => void;
}) {
  return (
    <Dialog
      wide
      open={open}
      onClose={onClose}
      title={t('Import a workflow')}
      description={t('A Conductor document, Hybrid steps or a canvas, as YAML or JSON.')}
    >
      <Form onClose={onClose} onMade={onMade} />
    </Dialog>
  );
}

/** The text as it was a moment ago: the server is asked when somebody pauses. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 400);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

function Form({ onClose, onMade }: { onClose: () => void; onMade: (workflow: Workflow) => void }) {
  const [text, setText] = useState('');
  const [name, setName] = useState('');
  const [over, setOver] = useState(false);
  const [unreadable, setUnreadable] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const id = useId();
  const settled = useSettled(text);
  const asked = settled.trim() !== '';
  const check = useQuery({
    queryKey: ['workflows', 'check', settled],
    queryFn: ({ signal }) => checkDocument(settled, signal),
    enabled: asked,
    placeholderData: (old) => (asked ? old : undefined),
    gcTime: 60_000,
  });
  const bring = useImportWorkflow();
  const found = asked ? check.data : undefined;
  const current = settled === text && found !== undefined && !check.isFetching;
  const errors = found ? errorsIn(found.problems) : 0;
  const refused = bring.error instanceof Problem ? bring.error : undefined;
  const nameError = refused?.code === 'workflow_invalid' ? undefined : refused?.fieldError('name');

  const read = async (file: File | undefined) => {
    if (!file) return;
    try {
      setText(await file.text());
      setUnreadable(false);
    } catch {
      setUnreadable(true);
    }
  };
  const keep = (draft: boolean) => {
    const given = name.trim();
    bring.mutate({ text, draft, ...(given ? { name: given } : {}) }, { onSuccess: onMade });
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (current) keep(errors > 0);
      }}
    >
      <div className="wf-form">
        <div className="wf-drop" data-over={over || undefined}>
          <textarea
            id={id}
            aria-label={t('Document')}
            placeholder={t('Paste a document here, or drop a file.')}
            value={text}
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => {
              if (event.dataTransfer.files.length === 0) return setOver(false);
              event.preventDefault();
              setOver(false);
              void read(event.dataTransfer.files[0]);
            }}
          />
          <footer>
            <span className="flex-1">{t('JSON or YAML, up to 4 MB')}</span>
            <Button size="xs" variant="outline" onClick={() => chooser.current?.click()}>
              <FileUp size={14} />
              {t('Choose a file')}
            </Button>
            <input
              ref={chooser}
              type="file"
              hidden
              accept=".json,.yaml,.yml,application/json,application/yaml,text/yaml,text/plain"
              aria-label={t('File')}
              onChange={(event) => {
                void read(event.target.files?.[0]);
                event.target.value = '';
              }}
            />
          </footer>
        </div>
        {unreadable && <Notice tone="err">{t('This file could not be read.')}</Notice>}
        {asked && check.isError && <Notice tone="err">{describe(check.error)}</Notice>}
        {found && <Found found={found} stale={!current} />}
        {refused && !nameError && <Notice tone="err">{describe(refused)}</Notice>}
        {bring.error && !refused && <Notice tone="err">{describe(bring.error)}</Notice>}
        <TextField
          label={t('Name')}
          hint={t('Leave it empty to take the name in the document.')}
          value={name}
          maxLength={100}
          error={nameError}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <div className="wf-foot">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        {errors > 0 ? (
          <Button variant="primary" type="submit" busy={bring.isPending} disabled={!current || !found?.graph}>
            {t('Keep as draft')}
          </Button>
        ) : (
          <Button variant="primary" type="submit" busy={bring.isPending} disabled={!current}>
            {t('Import')}
          </Button>
        )}
      </div>
    </form>
  );
}

/** What the server reads in the document. */
function Found({ found, stale }: { found: CheckedWorkflow; stale: boolean }) {
  const graph = found.graph ? graphOf(found.graph) : undefined;
  const errors = errorsIn(found.problems);
  const warnings = found.problems.length - errors;
  return (
    <section aria-label={t('Preview')} aria-busy={stale} className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2" role="status">
        {found.format ? (
          <Status tone="info">{formatName(found.format)}</Status>
        ) : (
          <Status tone="err" icon={<TriangleAlert />}>
            {t('Unknown form')}
          </Status>
        )}
        {graph && (
          <span className="text-sm text-text-2">
            <b>{graph.title || graph.name}</b>
            {' · '}
            {t('{{count}} nodes', { count: graph.nodes.length })}
          </span>
        )}
        {errors > 0 && <Status tone="err">{t('{{count}} problems', { count: errors })}</Status>}
        {warnings > 0 && <Status tone="warn">{t('{{count}} warnings', { count: warnings })}</Status>}
        {found.problems.length === 0 && (
          <Status tone="ok" icon={<CircleCheck />}>
            {t('Nothing wrong with it')}
          </Status>
        )}
      </div>
      {errors > 0 && graph && (
        <p className="text-sm text-text-2">
          {t('It cannot run like this. As a draft it can be put right in the designer.')}
        </p>
      )}
      {found.problems.length > 0 && <ProblemList className="wf-found" problems={found.problems} />}
    </section>
  );
}
