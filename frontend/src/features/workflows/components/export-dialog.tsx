/** Takes a workflow along as a document: which form, which syntax. */
import { Download } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import type { WorkflowProblem, WorkflowSummary } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { SelectField } from '@/components/ui/field';
import { Segmented } from '@/components/ui/segmented';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { unsayable } from '../model/problems';
import { exportDocument, type Form, type Syntax, type Written } from '../queries';
import { ProblemList } from './problem-list';

/** Hands a document to the browser as a file. */
export function download({ text, fileName }: Written): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}

export function formHint(format: Form): string {
  switch (format) {
    case 'conductor':
      return t('Nodes and edges, short where it can be: best to read and to keep in a repository.');
    case 'hybrid':
      return t('A list of steps with branches; whatever steps cannot say is named instead.');
    case 'canvas':
      return t('Nodes with places and connections, for tools that draw.');
    default:
      return t('Exactly what the server keeps.');
  }
}

export function FormFields({
  format,
  syntax,
  onFormat,
  onSyntax,
}: {
  format: Form;
  syntax: Syntax;
  onFormat: (format: Form) => void;
  onSyntax: (syntax: Syntax) => void;
}) {
  return (
    <>
      <SelectField
        label={t('Form')}
        hint={formHint(format)}
        value={format}
        onChange={(event) => onFormat(event.target.value as Form)}
      >
        <option value="conductor">{t('Conductor document')}</option>
        <option value="hybrid">{t('Hybrid steps')}</option>
        <option value="canvas">{t('Canvas document')}</option>
        <option value="stored">{t('Stored form')}</option>
      </SelectField>
      <div>
        <Segmented<Syntax>
          label={t('Syntax')}
          value={syntax}
          onChange={onSyntax}
          options={[
            { value: 'yaml', label: 'YAML' },
            { value: 'json', label: 'JSON' },
          ]}
        />
      </div>
    </>
  );
}

/** What a form has no words for, each with its node. */
export function Refused({ problems }: { problems: readonly WorkflowProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <div role="alert">
      <p>{t('This form cannot say all that the workflow does:')}</p>
      <ProblemList problems={problems} />
    </div>
  );
}

export function ExportDialog({
  workflow,
  onClose,
}: {
  workflow: Pick<WorkflowSummary, 'id' | 'name'> | undefined;
  onClose: () => void;
}) {
  const [format, setFormat] = useState<Form>('conductor');
  const [syntax, setSyntax] = useState<Syntax>('yaml');
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<WorkflowProblem[]>([]);
  const take = async () => {
    if (!workflow) return;
    setBusy(true);
    setRefused([]);
    try {
      download(await exportDocument(workflow, { format, syntax }));
      onClose();
    } catch (error) {
      const found = unsayable(error);
      if (found.length > 0) setRefused(found);
      else toast.error(describe(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={workflow !== undefined}
      onClose={onClose}
      title={t('Export {{name}}', { name: workflow?.name ?? '' })}
      description={t('The saved version as a document that can be imported again, here or elsewhere.')}
    >
      <div className="wf-form">
        <FormFields
          format={format}
          syntax={syntax}
          onFormat={(chosen) => {
            setFormat(chosen);
            setRefused([]);
          }}
          onSyntax={setSyntax}
        />
        <Refused problems={refused} />
      </div>
      <div className="wf-foot">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button variant="primary" busy={busy} onClick={() => void take()}>
          <Download size={16} />
          {t('Download')}
        </Button>
      </div>
    </Dialog>
  );
}
