/** A new workflow: what it is called and what it is for; the rest happens in the designer. */
import { useState } from 'react';
import { describe, Problem } from '@/api/problem';
import type { Workflow } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextArea, TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { slugOf } from '../model/names';
import { useCreateWorkflow } from '../queries';

export function CreateDialog({
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
      open={open}
      onClose={onClose}
      title={t('New workflow')}
      description={t('It begins with a start and an end; you draw what happens between them.')}
    >
      <Form onClose={onClose} onMade={onMade} />
    </Dialog>
  );
}

function Form({ onClose, onMade }: { onClose: () => void; onMade: (workflow: Workflow) => void }) {
  const [title, setTitle] = useState('');
  const [description, setDescription] = useState('');
  const [asked, setAsked] = useState(false);
  const create = useCreateWorkflow();
  const name = slugOf(title);
  const refused = create.error instanceof Problem ? create.error : undefined;
  const missing = asked && name === '' ? t('A workflow needs a name, with a letter or a digit.') : undefined;
  const nameError = missing ?? refused?.fieldError('name') ?? refused?.fieldError('title');
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (name === '') return;
        create.mutate(
          {
            name,
            title: title.trim() === name ? null : title.trim(),
            description: description.trim() || null,
          },
          { onSuccess: onMade },
        );
      }}
    >
      <div className="wf-form">
        {create.error && !nameError && <Notice tone="err">{describe(create.error)}</Notice>}
        <TextField
          label={t('Name')}
          value={title}
          required
          maxLength={100}
          autoFocus
          error={nameError}
          hint={name ? t('Run as {{name}}.', { name }) : undefined}
          onChange={(event) => setTitle(event.target.value)}
        />
        <TextArea
          label={t('Description')}
          rows={2}
          value={description}
          error={refused?.fieldError('description')}
          onChange={(event) => setDescription(event.target.value)}
        />
      </div>
      <div className="wf-foot">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button variant="primary" type="submit" busy={create.isPending}>
          {t('Create workflow')}
        </Button>
      </div>
    </form>
  );
}
