/** What an API has beside an address: its operations, typed or read from its document, and its ways of signing in. */
import { Plus, TriangleAlert, X } from 'lucide-react';
import { useId, useState } from 'react';
import { describe } from '@/api/problem';
import type { Connector } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextArea, TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';
import {
  type ApiForm,
  apiForm,
  emptyOperation,
  METHODS,
  type Method,
  type OperationForm,
} from '../model/api-form';
import { useImportApi } from '../queries';
import type { FieldsProps } from './connector-fields';

export function OperationFields({ form, errors, set }: FieldsProps) {
  const { operations } = form.api;
  const change = (next: Partial<ApiForm>) => set('api', { ...form.api, ...next });
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-1.5 text-sm font-medium text-text-2">{t('Operations')}</legend>
      <ImportFields form={form} errors={errors} set={set} />
      <ol className="grid gap-3">
        {operations.map((operation) => (
          <OperationRow
            key={operation.id}
            operation={operation}
            onChange={(next) =>
              change({ operations: operations.map((one) => (one.id === next.id ? next : one)) })
            }
            onRemove={() => change({ operations: operations.filter(({ id }) => id !== operation.id) })}
          />
        ))}
      </ol>
      {errors.api && (
        <p className="text-sm text-err" role="alert">
          {errors.api}
        </p>
      )}
      <div>
        <Button
          variant="outline"
          size="xs"
          onClick={() => change({ operations: [...operations, emptyOperation()] })}
        >
          <Plus size={14} />
          {t('Add an operation')}
        </Button>
      </div>
      <Switch
        label={t('Allow any request')}
        hint={t(
          'A tool named request reaches every endpoint below the address. Leave it off where operations will do.',
        )}
        checked={form.api.free_requests}
        onChange={(free_requests) => change({ free_requests })}
      />
    </fieldset>
  );
}

function OperationRow({
  operation,
  onChange,
  onRemove,
}: {
  operation: OperationForm;
  onChange: (next: OperationForm) => void;
  onRemove: () => void;
}) {
  const name = operation.name || t('the operation');
  const set = <K extends keyof OperationForm>(field: K, value: OperationForm[K]) =>
    onChange({ ...operation, [field]: value });
  return (
    <li className="card grid gap-3 p-4">
      <div className="flex items-start gap-2">
        <TextField
          label={t('Name')}
          wrapperClassName="min-w-0 flex-1"
          className="font-mono text-sm"
          placeholder="find_issue"
          spellCheck={false}
          value={operation.name}
          onChange={(event) => set('name', event.target.value)}
        />
        <IconButton label={t('Remove {{name}}', { name })} small onClick={onRemove}>
          <X size={15} />
        </IconButton>
      </div>
      <div className="grid gap-3 sm:grid-cols-[8rem_1fr]">
        <SelectField
          label={t('Method')}
          value={operation.method}
          onChange={(event) => {
            const method = event.target.value as Method;
            onChange({ ...operation, method, read_only: ['GET', 'HEAD', 'OPTIONS'].includes(method) });
          }}
        >
          {METHODS.map((method) => (
            <option key={method} value={method}>
              {method}
            </option>
          ))}
        </SelectField>
        <TextField
          label={t('Endpoint')}
          className="font-mono text-sm"
          placeholder="/issues/{key}"
          spellCheck={false}
          value={operation.endpoint}
          onChange={(event) => set('endpoint', event.target.value)}
        />
      </div>
      <TextField
        label={t('Description')}
        hint={t('Agents choose by it.')}
        value={operation.description}
        onChange={(event) => set('description', event.target.value)}
      />
      <details>
        <summary className="cursor-pointer text-sm text-text-2">{t('Arguments')}</summary>
        <TextArea
          label={t('JSON Schema')}
          hint={t('An object with path, query, headers and body. Empty, it follows from the endpoint.')}
          wrapperClassName="mt-2"
          className="font-mono text-sm"
          rows={6}
          spellCheck={false}
          value={operation.schema}
          onChange={(event) => set('schema', event.target.value)}
        />
      </details>
      <Switch
        label={t('Changes nothing')}
        checked={operation.read_only}
        onChange={(read_only) => set('read_only', read_only)}
      />
    </li>
  );
}

/** Reads the operations from the API's own document; what was typed before gives way to it. */
function ImportFields({ form, set }: FieldsProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const [document, setDocument] = useState('');
  const read = useImportApi();
  const take = () =>
    read.mutate(document, {
      onSuccess: (found) => {
        if (form.name.trim() === '') set('name', found.name);
        if (form.description.trim() === '') set('description', found.description.slice(0, 500));
        if (form.endpoint.trim() === '' && found.endpoint) set('endpoint', found.endpoint);
        if (form.auth_type === 'none' && !form.has_secret) {
          set('auth_type', found.auth_type);
          if (found.auth_settings.header) set('header', found.auth_settings.header);
          set('api', { ...apiForm(found.api), free_requests: form.api.free_requests });
        } else {
          set('api', { ...form.api, operations: apiForm(found.api).operations });
        }
        setOpen(false);
        setDocument('');
      },
    });
  const left = read.data?.left_out ?? [];
  return (
    <div className="grid gap-2">
      <div>
        <Button variant="outline" size="xs" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t('Import from OpenAPI')}
        </Button>
      </div>
      {open && (
        <>
          <TextArea
            label={t('OpenAPI document')}
            hint={t('Version 3, in JSON or YAML.')}
            className="font-mono text-sm"
            rows={6}
            spellCheck={false}
            value={document}
            onChange={(event) => setDocument(event.target.value)}
          />
          <div className="flex flex-wrap items-center gap-2">
            <label htmlFor={id} className="text-sm text-text-2">
              {t('or from a file')}
            </label>
            <input
              id={id}
              type="file"
              accept=".json,.yaml,.yml"
              className="text-sm"
              onChange={(event) => void event.target.files?.[0]?.text().then(setDocument)}
            />
            <span className="flex-1" />
            <Button
              variant="primary"
              size="xs"
              busy={read.isPending}
              disabled={document.trim() === ''}
              onClick={take}
            >
              {t('Read it')}
            </Button>
          </div>
        </>
      )}
      {read.isError && (
        <Notice tone="err" icon={<TriangleAlert size={16} />}>
          {describe(read.error)}
        </Notice>
      )}
      {left.length > 0 && (
        <Notice tone="warn" icon={<TriangleAlert size={16} />}>
          {t('{{count}} operations were left out', { count: left.length })}
          <ul className="mt-1 text-sm">
            {left.slice(0, 10).map(({ pointer, detail }) => (
              <li key={pointer}>
                <span className="mono break-all">{pointer}</span>: {detail}
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  );
}

/** What a way of signing in needs beside the secret. */
export function ApiSignInFields({
  api,
  signIn,
  set,
}: {
  api: ApiForm;
  signIn: Connector['auth_type'];
  set: (api: ApiForm) => void;
}) {
  const field = (
    key: 'query' | 'username' | 'token_url' | 'client_id' | 'scope' | 'audience',
    label: string,
    hint?: string,
  ) => (
    <TextField
      label={label}
      hint={hint}
      spellCheck={false}
      autoComplete="off"
      value={api[key]}
      onChange={(event) => set({ ...api, [key]: event.target.value })}
    />
  );
  switch (signIn) {
    case 'api_key':
      return field('query', t('Parameter of the query'), t('Empty, the key goes into a header.'));
    case 'basic':
      return field('username', t('User name'));
    case 'oauth2':
      return (
        <>
          {field('token_url', t('Address of tokens'))}
          {field('client_id', t('Client'))}
          {field('scope', t('Scopes'), t('With spaces between; empty where none is needed.'))}
          {field('audience', t('Audience'), t('Where the server of tokens wants to know.'))}
        </>
      );
    default:
      return null;
  }
}
