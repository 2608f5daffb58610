/** A new server, step by step: how it is reached, where, with which credentials, whether it answers, what it can do. */
import { Link } from '@tanstack/react-router';
import { Braces, Check, Globe, Radio, Terminal, TriangleAlert, Wrench } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { describe, Problem } from '@/api/problem';
import type { Connector } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { EmptyState, Notice } from '@/components/ui/states';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import {
  type ConnectorErrors,
  type ConnectorForm,
  checkConnector,
  connectorBody,
  emptyConnector,
} from '../model/connector-form';
import { readSchema, summary } from '../model/schema';
import {
  type DiscoverAnswer,
  useConnect,
  useDeleteConnector,
  useDiscover,
  useSaveConnector,
} from '../queries';
import { OperationFields } from './api-fields';
import { ConfirmCommand } from './confirm-command';
import { ConnectionTest } from './connection-test';
import { AccessFields, AddressFields, NameFields, SignInFields } from './connector-fields';

type Step = 'transport' | 'address' | 'credentials' | 'test' | 'tools';

const STEPS: Step[] = ['transport', 'address', 'credentials', 'test', 'tools'];

/** Which step a refused field belongs to. */
const STEP_OF: Partial<Record<keyof ConnectorForm, Step>> = {
  name: 'address',
  description: 'address',
  endpoint: 'address',
  command: 'address',
  args: 'address',
  api: 'address',
  transport: 'transport',
  auth_type: 'credentials',
  header: 'credentials',
  secret: 'credentials',
  variables: 'credentials',
};

export function AddWizard({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title={t('Add a server')} wide>
      {open && <Wizard onClose={onClose} />}
    </Dialog>
  );
}

function Wizard({ onClose }: { onClose: () => void }) {
  const [step, setStep] = useState<Step>('transport');
  const [form, setForm] = useState<ConnectorForm>(emptyConnector);
  const [errors, setErrors] = useState<ConnectorErrors>({});
  const [server, setServer] = useState<Connector>();
  const [found, setFound] = useState<DiscoverAnswer>();
  const save = useSaveConnector();
  const connect = useConnect();
  const discover = useDiscover();
  const remove = useDeleteConnector();

  const set = <K extends keyof ConnectorForm>(field: K, value: ConnectorForm[K]) => {
    setForm((last) => ({ ...last, [field]: value }));
    setErrors(({ [field]: _, ...rest }) => rest);
  };

  const test = async (id: string) => {
    connect.reset();
    discover.reset();
    setFound(undefined);
    const answer = await connect.mutateAsync(id);
    if (answer.ok) setFound(await discover.mutateAsync(id));
  };

  /** Stores what was typed, then tests it; every refusal leads back to the field it is about. */
  const store = async () => {
    setStep('test');
    try {
      const stored = await save.mutateAsync({
        id: server?.id,
        body: connectorBody(form, server !== undefined),
      });
      setServer(stored);
      await test(stored.id);
    } catch (error) {
      const refused = refusals(error);
      if (Object.keys(refused).length > 0) {
        setErrors(refused);
        const field = Object.keys(refused)[0] as keyof ConnectorForm;
        setStep(STEP_OF[field] ?? 'address');
      }
      // Anything else stands in the test's own notice, with a retry.
    }
  };

  const next = () => {
    const wrong = checkConnector(form);
    const here = Object.fromEntries(
      Object.entries(wrong).filter(([field]) => STEP_OF[field as keyof ConnectorForm] === step),
    ) as ConnectorErrors;
    setErrors(here);
    if (Object.keys(here).length > 0) return;
    if (step === 'credentials') void store();
    else setStep(STEPS[STEPS.indexOf(step) + 1] ?? 'tools');
  };

  const back = () => setStep(STEPS[STEPS.indexOf(step) - 1] ?? 'transport');
  const discard = async () => {
    if (server) {
      try {
        await remove.mutateAsync(server.id);
      } catch (error) {
        toast.error(describe(error));
        return;
      }
    }
    onClose();
  };
  const busy = save.isPending || connect.isPending || discover.isPending;
  const confirmation = connect.data?.needs_confirmation;
  const fields = { form, errors, set };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (step === 'test') {
          if (found) setStep('tools');
        } else if (step !== 'tools') next();
      }}
    >
      <Progress step={step} />
      <div className="wizard-body">
        {step === 'transport' && (
          <TransportChoice value={form.transport} onChange={(value) => set('transport', value)} />
        )}
        {step === 'address' && (
          <>
            <NameFields {...fields} />
            <AddressFields {...fields} />
            {form.transport === 'api' && <OperationFields {...fields} />}
          </>
        )}
        {step === 'credentials' && (
          <>
            <SignInFields {...fields} />
            <AccessFields {...fields} />
          </>
        )}
        {step === 'test' && (
          <>
            {confirmation && server && !busy ? (
              <ConfirmCommand
                serverId={server.id}
                parts={confirmation.command_line}
                hash={confirmation.hash}
                variables={confirmation.env_names ?? []}
                onConfirmed={() => void test(server.id).catch(() => undefined)}
              />
            ) : (
              <ConnectionTest
                pending={busy}
                answer={connect.data}
                error={save.error ?? connect.error ?? (connect.data?.ok ? discover.error : undefined)}
                onRetry={() =>
                  server && !save.isError ? void test(server.id).catch(() => undefined) : void store()
                }
              />
            )}
            {found && <Discovered found={found} />}
          </>
        )}
        {step === 'tools' && server && (
          <Done server={server} tools={found?.tools.length ?? 0} onClose={onClose} />
        )}
      </div>
      {step !== 'tools' && (
        <div className="wizard-foot">
          {step !== 'transport' && (
            <Button onClick={back} disabled={busy}>
              {t('Back')}
            </Button>
          )}
          <span className="flex-1" />
          {step === 'test' && server && !found && !busy && (
            <Button onClick={onClose}>{t('Keep it for later')}</Button>
          )}
          <Button busy={remove.isPending} disabled={busy} onClick={() => void discard()}>
            {server ? t('Remove it again') : t('Cancel')}
          </Button>
          {(step !== 'test' || found) && (
            <Button type="submit" variant="primary">
              {step === 'credentials' ? t('Save and test') : step === 'test' ? t('Finish') : t('Continue')}
            </Button>
          )}
        </div>
      )}
    </form>
  );
}

/** The server's refusals by field; `/env_vars` belongs to the variables. */
function refusals(error: unknown): ConnectorErrors {
  if (!(error instanceof Problem)) return {};
  const found: ConnectorErrors = {};
  for (const { pointer, detail } of error.errors) {
    const [name = '', part] = pointer.split('/').filter(Boolean);
    const field =
      name === 'env_vars'
        ? 'variables'
        : name === 'auth_settings'
          ? 'header'
          : name === 'api' && part === 'auth'
            ? 'auth_type'
            : name;
    if (field in STEP_OF) found[field as keyof ConnectorForm] = detail;
  }
  return found;
}

function Progress({ step }: { step: Step }) {
  const names: Record<Step, string> = {
    transport: t('Transport'),
    address: t('Address'),
    credentials: t('Access'),
    test: t('Test'),
    tools: t('Done'),
  };
  const at = STEPS.indexOf(step);
  return (
    <ol className="wizard-steps" aria-label={t('Steps')}>
      {STEPS.map((name, index) => (
        <li key={name} aria-current={name === step ? 'step' : undefined} data-done={index < at || undefined}>
          <span className="num" aria-hidden="true">
            {index < at ? <Check size={13} /> : index + 1}
          </span>
          {names[name]}
        </li>
      ))}
    </ol>
  );
}

function TransportChoice({
  value,
  onChange,
}: {
  value: ConnectorForm['transport'];
  onChange: (value: ConnectorForm['transport']) => void;
}) {
  const options: { value: ConnectorForm['transport']; name: string; words: string; icon: ReactNode }[] = [
    {
      value: 'http',
      name: t('Streamable HTTP'),
      words: t('A server at an address. The right choice for most of them.'),
      icon: <Globe size={20} />,
    },
    {
      value: 'sse',
      name: t('HTTP with SSE (older)'),
      words: t('Servers from before March 2025 that have only an event stream.'),
      icon: <Radio size={20} />,
    },
    {
      value: 'stdio',
      name: t('Local program'),
      words: t(
        'A program that Conductor starts on its own machine. An administrator confirms its exact command line.',
      ),
      icon: <Terminal size={20} />,
    },
    {
      value: 'api',
      name: 'API',
      words: t('An HTTP API without MCP. You describe its operations, or import them; each becomes a tool.'),
      icon: <Braces size={20} />,
    },
  ];
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-2 text-text-2">{t('How is the server reached?')}</legend>
      {options.map((option) => (
        <label key={option.value} className={cx('transport', option.value === value && 'chosen')}>
          <input
            type="radio"
            name="transport"
            className="sr-only"
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span className="text-text-3">{option.icon}</span>
          <span className="min-w-0 flex-1">
            <span className="block font-medium">{option.name}</span>
            <span className="block text-sm text-text-3">{option.words}</span>
          </span>
          {option.value === value && <Check size={18} className="text-accent-text" aria-hidden="true" />}
        </label>
      ))}
    </fieldset>
  );
}

function Discovered({ found }: { found: DiscoverAnswer }) {
  if (found.tools.length === 0) {
    return (
      <Notice tone="warn" icon={<TriangleAlert size={16} />}>
        {t('The server answered, but it offers no tools.')}
      </Notice>
    );
  }
  return (
    <section aria-label={t('Discovered tools')}>
      <h3 className="h mb-2">{t('{{count}} tools found', { count: found.tools.length })}</h3>
      <ul className="found-tools">
        {found.tools.map((tool) => (
          <li key={tool.id}>
            <p className="mono font-medium">
              {tool.name}
              <span className="ml-2 font-normal text-text-3">{summary(readSchema(tool.input_schema))}</span>
            </p>
            {tool.description && (
              <p className="mt-0.5 line-clamp-2 text-sm text-text-2">{tool.description}</p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Done({ server, tools, onClose }: { server: Connector; tools: number; onClose: () => void }) {
  return (
    <EmptyState
      icon={<Wrench />}
      title={t('{{name}} is ready', { name: server.name })}
      action={
        <div className="flex flex-wrap justify-center gap-2">
          <Link
            to="/servers/$serverId"
            params={{ serverId: server.id }}
            className="btn pri"
            onClick={onClose}
          >
            {t('Review its tools')}
          </Link>
          <Link to="/library/agents" className="btn out" onClick={onClose}>
            {t('Give it to an agent')}
          </Link>
          <Button onClick={onClose}>{t('Close')}</Button>
        </div>
      }
    >
      {t('{{count}} tools are known. An agent can call them once they are ticked in its settings.', {
        count: tools,
      })}
    </EmptyState>
  );
}
