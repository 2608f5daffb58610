/** The fields of a server, in the parts that the wizard shows one after the other and the settings all at once. */
import { Plus, X } from 'lucide-react';
import { useRef } from 'react';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextArea, TextField } from '@/components/ui/field';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';
import {
  type ConnectorErrors,
  type ConnectorForm,
  usesHeader,
  type Variable,
  visibilityName,
} from '../model/connector-form';
import { ApiSignInFields } from './api-fields';

export interface FieldsProps {
  form: ConnectorForm;
  errors: ConnectorErrors;
  set: <K extends keyof ConnectorForm>(field: K, value: ConnectorForm[K]) => void;
}

export function NameFields({ form, errors, set }: FieldsProps) {
  return (
    <>
      <TextField
        label={t('Name')}
        value={form.name}
        error={errors.name}
        maxLength={100}
        required
        onChange={(event) => set('name', event.target.value)}
      />
      <TextField
        label={t('Description')}
        value={form.description}
        error={errors.description}
        maxLength={500}
        onChange={(event) => set('description', event.target.value)}
      />
    </>
  );
}

export function AddressFields({ form, errors, set }: FieldsProps) {
  if (form.transport !== 'stdio') {
    return (
      <TextField
        label={t('Address')}
        hint={
          form.transport === 'api'
            ? t(
                'What the addresses of all operations begin with. Private addresses have to be allowed by the operator.',
              )
            : form.transport === 'sse'
              ? t('The address of the event stream, often ending in /sse.')
              : t(
                  'The full address, often ending in /mcp. Private addresses have to be allowed by the operator.',
                )
        }
        type="url"
        inputMode="url"
        placeholder={form.transport === 'api' ? 'https://api.example.org/v1' : 'https://example.org/mcp'}
        value={form.endpoint}
        error={errors.endpoint}
        required
        onChange={(event) => set('endpoint', event.target.value)}
      />
    );
  }
  return (
    <>
      <TextField
        label={t('Command')}
        hint={t('The program to start. No shell is involved: nothing is expanded.')}
        className="font-mono text-sm"
        placeholder="npx"
        spellCheck={false}
        autoCapitalize="off"
        value={form.command}
        error={errors.command}
        required
        onChange={(event) => set('command', event.target.value)}
      />
      <TextArea
        label={t('Arguments')}
        hint={t('One per line.')}
        className="font-mono text-sm"
        rows={3}
        spellCheck={false}
        placeholder={'-y\n@modelcontextprotocol/server-everything'}
        value={form.args}
        error={errors.args}
        onChange={(event) => set('args', event.target.value)}
      />
    </>
  );
}

export function SignInFields({ form, errors, set }: FieldsProps) {
  if (form.transport === 'stdio') {
    return (
      <VariableFields
        variables={form.variables}
        error={errors.variables}
        onChange={(next) => set('variables', next)}
      />
    );
  }
  const header = usesHeader(form);
  const isApi = form.transport === 'api';
  return (
    <>
      <SelectField
        label={t('Signing in')}
        value={form.auth_type}
        error={errors.auth_type}
        onChange={(event) => set('auth_type', event.target.value as ConnectorForm['auth_type'])}
      >
        <option value="none">{t('Not needed')}</option>
        <option value="bearer">{t('Bearer token')}</option>
        <option value="api_key">{isApi ? t('API key') : t('API key in a header')}</option>
        <option value="custom_header">{t('Another header')}</option>
        {isApi && <option value="basic">{t('User name and password')}</option>}
        {isApi && <option value="oauth2">{t('OAuth 2.0 client credentials')}</option>}
      </SelectField>
      {isApi && <ApiSignInFields api={form.api} signIn={form.auth_type} set={(api) => set('api', api)} />}
      {header && (
        <TextField
          label={t('Header')}
          value={form.header}
          error={errors.header}
          spellCheck={false}
          onChange={(event) => set('header', event.target.value)}
        />
      )}
      {form.auth_type !== 'none' && (
        <TextField
          label={
            form.auth_type === 'bearer'
              ? t('Token')
              : form.auth_type === 'basic'
                ? t('Password')
                : form.auth_type === 'oauth2'
                  ? t('Client secret')
                  : t('Secret')
          }
          hint={
            form.has_secret
              ? t('One is stored. Leave this empty to keep it.')
              : t('It is stored encrypted and never shown again.')
          }
          type="password"
          autoComplete="off"
          value={form.secret}
          error={errors.secret}
          onChange={(event) => set('secret', event.target.value)}
        />
      )}
    </>
  );
}

function VariableFields({
  variables,
  error,
  onChange,
}: {
  variables: Variable[];
  error: string | undefined;
  onChange: (variables: Variable[]) => void;
}) {
  const next = useRef(1000);
  const change = (id: number, patch: Partial<Variable>) =>
    onChange(variables.map((variable) => (variable.id === id ? { ...variable, ...patch } : variable)));
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-sm font-medium text-text-2">{t('Environment variables')}</legend>
      {variables.map((variable) => (
        <div key={variable.id} className="flex items-center gap-2">
          <input
            className="field flex-1 font-mono text-sm"
            aria-label={t('Name')}
            placeholder="API_KEY"
            spellCheck={false}
            value={variable.name}
            onChange={(event) => change(variable.id, { name: event.target.value })}
          />
          <input
            className="field flex-[2] font-mono text-sm"
            aria-label={t('Value of {{name}}', { name: variable.name || t('the variable') })}
            type="password"
            autoComplete="off"
            placeholder={variable.kept ? t('stored, unchanged') : t('Value')}
            value={variable.value}
            onChange={(event) => change(variable.id, { value: event.target.value })}
          />
          <IconButton
            label={t('Remove {{name}}', { name: variable.name || t('the variable') })}
            small
            onClick={() => onChange(variables.filter(({ id }) => id !== variable.id))}
          >
            <X size={15} />
          </IconButton>
        </div>
      ))}
      {error && (
        <p className="text-sm text-err" role="alert">
          {error}
        </p>
      )}
      <div>
        <Button
          variant="outline"
          size="xs"
          onClick={() => {
            next.current += 1;
            onChange([...variables, { id: next.current, name: '', value: '', kept: false }]);
          }}
        >
          <Plus size={14} />
          {t('Add a variable')}
        </Button>
      </div>
      <p className="text-sm text-text-3">
        {t(
          'The program starts with these and nothing else of this machine’s environment. Values are stored encrypted.',
        )}
      </p>
    </fieldset>
  );
}

export function AccessFields({ form, set }: FieldsProps) {
  return (
    <>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <SelectField
          label={t('Visible to')}
          value={form.visibility}
          onChange={(event) => set('visibility', event.target.value as ConnectorForm['visibility'])}
        >
          {choices(['private', 'team', 'organization', 'public'], form.visibility).map((value) => (
            <option key={value} value={value}>
              {visibilityName(value)}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={t('Classification')}
          hint={t('Of what its tools return')}
          value={form.data_classification}
          onChange={(event) =>
            set('data_classification', event.target.value as ConnectorForm['data_classification'])
          }
        >
          {choices(['public', 'internal', 'confidential', 'restricted'], form.data_classification).map(
            (value) => (
              <option key={value} value={value}>
                {{
                  public: t('Public'),
                  internal: t('Internal'),
                  confidential: t('Confidential'),
                  restricted: t('Restricted'),
                }[value] ?? value}
              </option>
            ),
          )}
        </SelectField>
      </div>
      <Switch
        label={t('Ask before every call')}
        hint={t('Each call of a tool that may write waits for a person.')}
        checked={form.approval_required}
        onChange={(asked) => set('approval_required', asked)}
      />
    </>
  );
}

function choices(known: string[], value: string): string[] {
  return known.includes(value) ? known : [...known, value];
}
