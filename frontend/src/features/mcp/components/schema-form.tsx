/** The fields of a JSON Schema, as `model/schema.ts` reads them. */
import { Plus, X } from 'lucide-react';
import { useId } from 'react';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextArea, TextField } from '@/components/ui/field';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';
import { initialValue, type SchemaField, type Value } from '../model/schema';

interface Props {
  fields: SchemaField[];
  values: { [name: string]: Value };
  errors: Record<string, string>;
  path?: string;
  onChange: (values: { [name: string]: Value }) => void;
}

export function SchemaForm({ fields, values, errors, path = '', onChange }: Props) {
  return (
    <div className="grid grid-cols-1 gap-4">
      {fields.map((field) => (
        <Field
          key={field.name}
          field={field}
          value={values[field.name]}
          errors={errors}
          path={`${path}/${field.name}`}
          onChange={(value) => onChange({ ...values, [field.name]: value })}
        />
      ))}
    </div>
  );
}

function Field({
  field,
  value,
  errors,
  path,
  onChange,
}: {
  field: SchemaField;
  value: Value;
  errors: Record<string, string>;
  path: string;
  onChange: (value: Value) => void;
}) {
  const id = useId();
  const label =
    field.required || field.kind === 'boolean'
      ? field.title
      : t('{{title}} (optional)', { title: field.title });
  const shared = { label, hint: field.description, error: errors[path] };
  switch (field.kind) {
    case 'boolean':
      return (
        <Switch
          label={label}
          {...(field.description ? { hint: field.description } : {})}
          checked={value === true}
          onChange={onChange}
        />
      );
    case 'choice':
      return (
        <SelectField
          {...shared}
          value={typeof value === 'number' ? String(value) : ''}
          onChange={(event) => onChange(event.target.value === '' ? undefined : Number(event.target.value))}
        >
          <option value="">{field.required ? t('Choose') : t('None')}</option>
          {field.options?.map((option, index) => (
            <option key={option.label} value={index}>
              {option.label}
            </option>
          ))}
        </SelectField>
      );
    case 'list': {
      const { item } = field;
      const lines = Array.isArray(value) ? value : [];
      if (!item) return null;
      return (
        <fieldset
          className="grid grid-cols-1 gap-2"
          aria-describedby={field.description ? `${id}-hint` : undefined}
        >
          <legend className="mb-1.5 text-sm font-medium text-text-2">{label}</legend>
          {lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of a list have only their place
            <div key={index} className="flex items-start gap-2">
              <div className="min-w-0 flex-1">
                <Field
                  field={{
                    ...item,
                    title: t('{{title}} {{number}}', { title: field.title, number: index + 1 }),
                    required: true,
                  }}
                  value={line}
                  errors={errors}
                  path={`${path}/${index}`}
                  onChange={(next) => onChange(lines.map((old, at) => (at === index ? next : old)))}
                />
              </div>
              <IconButton
                label={t('Remove')}
                small
                className="mt-6"
                onClick={() => onChange(lines.filter((_, at) => at !== index))}
              >
                <X size={15} />
              </IconButton>
            </div>
          ))}
          <div>
            <Button
              variant="outline"
              size="xs"
              onClick={() => onChange([...lines, initialValue(item) ?? ''])}
            >
              <Plus size={14} />
              {t('Add')}
            </Button>
          </div>
          {field.description && (
            <p id={`${id}-hint`} className="text-sm text-text-3">
              {field.description}
            </p>
          )}
        </fieldset>
      );
    }
    case 'group':
      return (
        <fieldset className="grid grid-cols-1 gap-3 border-border border-l-2 pl-4">
          <legend className="text-sm font-medium text-text-2">{label}</legend>
          {field.description && <p className="text-sm text-text-3">{field.description}</p>}
          <SchemaForm
            fields={field.fields ?? []}
            values={(value ?? {}) as { [name: string]: Value }}
            errors={errors}
            path={path}
            onChange={onChange}
          />
        </fieldset>
      );
    case 'long':
    case 'json':
      return (
        <TextArea
          {...shared}
          hint={
            field.kind === 'json'
              ? [field.description, t('Written as JSON.')].filter(Boolean).join(' ')
              : field.description
          }
          rows={3}
          className={field.kind === 'json' ? 'font-mono text-sm' : undefined}
          spellCheck={field.kind !== 'json'}
          value={String(value ?? '')}
          onChange={(event) => onChange(event.target.value)}
        />
      );
    default:
      return (
        <TextField
          {...shared}
          inputMode={field.kind === 'text' ? undefined : 'decimal'}
          value={String(value ?? '')}
          onChange={(event) => onChange(event.target.value)}
        />
      );
  }
}
