/** What a workflow waits for: events to add, name and remove, how somebody tells one, and a form that does. */
import { Link } from '@tanstack/react-router';
import { Megaphone, Plus, X } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import type { WorkflowEventStart, WorkflowProblem } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { TextArea, TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import { changedEvent, eventsOf, tellingExample, withEvent, withoutEvent } from '../model/events';
import type { Graph } from '../model/graph';
import { readObject } from '../model/inputs';
import { useTellWorkflows } from '../queries';

export function EventFields({
  graph,
  workflowId,
  problems,
  disabled,
  onChange,
}: {
  graph: Graph;
  workflowId: string;
  problems: readonly WorkflowProblem[];
  disabled: boolean;
  onChange: (triggers: unknown[], tag: string) => void;
}) {
  const events = eventsOf(graph);
  return (
    <section>
      <h3 className="h">{t('When something happens')}</h3>
      {events.length === 0 && <p className="text-sm text-text-3">{t('It waits for no event.')}</p>}
      {events.map(({ position, name }, index) => (
        <EventField
          key={position}
          number={index + 1}
          name={name}
          workflowId={workflowId}
          problem={problems.find(({ pointer }) => pointer === `/triggers/${position}/name`)?.message}
          disabled={disabled}
          onChange={(next) => onChange(changedEvent(graph, position, next), `triggers/${position}/name`)}
          onRemove={() => onChange(withoutEvent(graph, position), `triggers/remove/event/${events.length}`)}
        />
      ))}
      {!disabled && (
        <div>
          <Button size="xs" onClick={() => onChange(withEvent(graph), `triggers/event/${events.length}`)}>
            <Plus size={14} />
            {t('Add an event')}
          </Button>
        </div>
      )}
    </section>
  );
}

function EventField({
  number,
  name,
  workflowId,
  problem,
  disabled,
  onChange,
  onRemove,
}: {
  number: number;
  name: string;
  workflowId: string;
  problem: string | undefined;
  disabled: boolean;
  onChange: (name: string) => void;
  onRemove: () => void;
}) {
  const address = `${window.location.origin}/api/workflows/events`;
  return (
    <fieldset className="wf-case" aria-label={t('Event {{number}}', { number })}>
      <div className="wf-case-head">
        <b className="flex-1">{t('Event {{number}}', { number })}</b>
        {!disabled && (
          <IconButton small label={t('Remove event {{number}}', { number })} onClick={onRemove}>
            <X size={14} />
          </IconButton>
        )}
      </div>
      <TextField
        label={t('Name')}
        className="mono"
        value={name}
        readOnly={disabled}
        maxLength={100}
        spellCheck={false}
        hint={t(
          'Whoever may run it and tells this name starts it, with your rights, once it is saved, ready and active, and published where another version is.',
        )}
        error={problem}
        onChange={(event) => onChange(event.target.value)}
      />
      <details>
        <summary>{t('Tell it from a command line')}</summary>
        <div className="mt-1 flex items-start gap-1">
          <textarea
            readOnly
            rows={6}
            className="field mono min-w-0 flex-1 resize-none text-xs"
            aria-label={t('Example')}
            value={tellingExample(address, name)}
          />
          <CopyButton text={() => tellingExample(address, name)} label={t('Copy the example')} />
        </div>
        <p className="mt-1 text-text-3">
          {t(
            'Fields of the data are the inputs of their names; an input named “event” gets all of it. The same id starts nothing twice within a day.',
          )}
        </p>
      </details>
      <details>
        <summary>{t('Tell it now')}</summary>
        <TellForm name={name} workflowId={workflowId} />
      </details>
    </fieldset>
  );
}

/** Tells an event as the reader, and shows what began by it. */
function TellForm({ name, workflowId }: { name: string; workflowId: string }) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<string>();
  const tell = useTellWorkflows();
  // What another name started is not what this one did.
  const starts = tell.variables?.name === name ? tell.data?.workflows : undefined;
  return (
    <form
      className="mt-1 grid gap-2"
      aria-label={t('Tell the event {{name}}', { name })}
      onSubmit={(submitted) => {
        submitted.preventDefault();
        const { values, error } = readObject(text);
        setWrong(error);
        if (values) tell.mutate({ name, data: values });
      }}
    >
      <p className="text-text-3">
        {t('Every workflow here that waits for it and that you may run begins, each as its owner.')}
      </p>
      <TextArea
        label={t('Data (optional)')}
        hint={t('Written as JSON.')}
        className="mono"
        rows={3}
        spellCheck={false}
        value={text}
        error={wrong}
        onChange={(event) => setText(event.target.value)}
      />
      {tell.error && (
        <p className="text-err" role="alert">
          {describe(tell.error)}
        </p>
      )}
      <div>
        <Button size="xs" type="submit" busy={tell.isPending}>
          <Megaphone size={14} />
          {t('Tell')}
        </Button>
      </div>
      <div role="status">
        {starts?.length === 0 && (
          <p className="text-warn">
            {t('Nobody waits for it. What is not saved, not ready or not active does not.')}
          </p>
        )}
        {starts && starts.length > 0 && (
          <ul className="grid gap-1" aria-label={t('What began')}>
            {starts.map((start) => (
              <Began key={start.workflow_id} start={start} own={start.workflow_id === workflowId} />
            ))}
          </ul>
        )}
      </div>
    </form>
  );
}

function Began({ start: { workflow_id, run_id, error }, own }: { start: WorkflowEventStart; own: boolean }) {
  return (
    <li>
      {own ? (
        t('This workflow')
      ) : (
        <Link to="/workflows/$workflowId" params={{ workflowId: workflow_id }} className="link">
          {t('Another workflow')}
        </Link>
      )}
      {': '}
      {run_id ? (
        <Link to="/runs/$runId" params={{ runId: run_id }} className="link">
          {t('its run')}
        </Link>
      ) : (
        <span className="text-err">{t('It did not start: {{why}}', { why: error?.detail ?? '' })}</span>
      )}
    </li>
  );
}
