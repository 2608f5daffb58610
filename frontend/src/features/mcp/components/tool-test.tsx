/** Calls a tool by hand, through the same path and policy as an agent would. */
import { Link } from '@tanstack/react-router';
import { Check, Clock, Play, TriangleAlert, X } from 'lucide-react';
import { useMemo, useState } from 'react';
import { describe } from '@/api/problem';
import { contentBlocks, type Tool } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/states';
import { duration } from '@/lib/format';
import { t } from '@/lib/i18n';
import { initialValue, readForm, readSchema, type Value } from '../model/schema';
import { type ToolAnswer, useExecuteTool } from '../queries';
import { ContentBlocks } from './content-blocks';
import { SchemaForm } from './schema-form';

export function ToolTest({ serverId, tool }: { serverId: string; tool: Tool }) {
  const fields = useMemo(() => readSchema(tool.input_schema), [tool.input_schema]);
  const [values, setValues] = useState<{ [name: string]: Value }>(() =>
    Object.fromEntries(fields.map((field) => [field.name, initialValue(field)])),
  );
  const [errors, setErrors] = useState<Record<string, string>>({});
  const execute = useExecuteTool(serverId);

  return (
    <form
      className="grid grid-cols-1 gap-4"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const reading = readForm(fields, values);
        setErrors(reading.errors);
        if (Object.keys(reading.errors).length > 0 || execute.isPending) return;
        execute.mutate({ tool: tool.name, arguments: reading.value as Record<string, unknown> });
      }}
    >
      {fields.length === 0 ? (
        <p className="text-sm text-text-3">{t('This tool needs no arguments.')}</p>
      ) : (
        <SchemaForm
          fields={fields}
          values={values}
          errors={errors}
          onChange={(next) => {
            setValues(next);
            setErrors({});
          }}
        />
      )}
      <div className="flex items-center gap-3">
        <Button type="submit" variant="outline" busy={execute.isPending}>
          {!execute.isPending && <Play size={15} />}
          {t('Call the tool')}
        </Button>
        {!tool.read_only && (
          <span className="text-sm text-text-3">{t('It may change something: this is a real call.')}</span>
        )}
      </div>
      {execute.isError && (
        <Notice tone="err" icon={<TriangleAlert size={16} />}>
          {describe(execute.error)}
        </Notice>
      )}
      {execute.data && <Answer answer={execute.data} />}
    </form>
  );
}

function Answer({ answer }: { answer: ToolAnswer }) {
  const { run } = answer;
  return (
    <section className="card" aria-label={t('Answer')} aria-live="polite">
      <header className="flex items-center gap-3 border-border border-b px-4 py-2">
        {run.status === 'waiting' ? (
          <Status tone="warn" icon={<Clock />}>
            {t('Waiting for an approval')}
          </Status>
        ) : run.status === 'denied' ? (
          <Status tone="err" icon={<X />}>
            {t('Denied')}
          </Status>
        ) : answer.ok === null ? (
          <Status tone="info" icon={<Clock />}>
            {t('Still running')}
          </Status>
        ) : answer.ok ? (
          <Status tone="ok" icon={<Check />}>
            {t('Done')}
          </Status>
        ) : (
          <Status tone="err" icon={<TriangleAlert />}>
            {t('Failed')}
          </Status>
        )}
        <span className="flex-1" />
        {run.duration_ms !== null && run.duration_ms !== undefined && (
          <span className="num text-xs text-text-3">{duration(run.duration_ms)}</span>
        )}
        <Link to="/runs/$runId" params={{ runId: run.id }} className="link text-sm">
          {t('Timeline')}
        </Link>
      </header>
      <div className="max-h-[420px] overflow-auto p-4">
        {run.status === 'waiting' ? (
          <p className="text-sm text-text-2">
            {t('A person has to allow this call.')}{' '}
            <Link to="/inbox" className="link">
              {t('Decide in the inbox')}
            </Link>
          </p>
        ) : answer.content ? (
          <ContentBlocks content={contentBlocks(answer.content)} />
        ) : (
          <p className="text-sm text-text-2">{t('The call goes on. Its timeline shows how it ends.')}</p>
        )}
        {run.error && (
          <p className="mt-2 text-sm text-err">
            {run.error.title}: {run.error.detail}
          </p>
        )}
      </div>
    </section>
  );
}
