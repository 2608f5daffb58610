/** The settings of a server that exists. A changed command has to be confirmed anew. */
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import type { Connector } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import {
  type ConnectorErrors,
  type ConnectorForm,
  checkConnector,
  connectorBody,
  connectorForm,
} from '../model/connector-form';
import { useSaveConnector } from '../queries';
import { OperationFields } from './api-fields';
import { AccessFields, AddressFields, NameFields, SignInFields } from './connector-fields';

export function ServerSettings({ connector }: { connector: Connector }) {
  const [form, setForm] = useState<ConnectorForm>(() => connectorForm(connector));
  const [errors, setErrors] = useState<ConnectorErrors>({});
  const save = useSaveConnector();
  const set = <K extends keyof ConnectorForm>(field: K, value: ConnectorForm[K]) => {
    setForm((last) => ({ ...last, [field]: value }));
    setErrors(({ [field]: _, ...rest }) => rest);
  };
  const fields = { form, errors, set };
  return (
    <form
      className="grid max-w-[560px] gap-5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const wrong = checkConnector(form);
        setErrors(wrong);
        if (Object.keys(wrong).length > 0) return;
        save.mutate(
          { id: connector.id, body: connectorBody(form, true) },
          {
            onSuccess: (saved) => {
              setForm(connectorForm(saved));
              toast.success(t('Saved. Test the connection to see whether it still answers.'));
            },
          },
        );
      }}
    >
      <NameFields {...fields} />
      <AddressFields {...fields} />
      {form.transport === 'api' && <OperationFields {...fields} />}
      <SignInFields {...fields} />
      <AccessFields {...fields} />
      <Switch
        label={t('In use')}
        hint={t('Off, none of its tools can be called.')}
        checked={form.enabled}
        onChange={(enabled) => set('enabled', enabled)}
      />
      {save.isError && (
        <Notice tone="err" icon={<TriangleAlert size={16} />}>
          {describe(save.error)}
        </Notice>
      )}
      <div>
        <Button type="submit" variant="primary" busy={save.isPending}>
          {t('Save')}
        </Button>
      </div>
    </form>
  );
}
