/** The tools of a server: what each takes, whether it may be called, and whether a person is asked. */
import { useQuery } from '@tanstack/react-query';
import { ChevronRight, RefreshCw, Search, ShieldAlert, Wrench } from 'lucide-react';
import { useMemo, useState } from 'react';
import { describe } from '@/api/problem';
import type { Connector, Tool } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { TextField } from '@/components/ui/field';
import { JsonView } from '@/components/ui/json-view';
import { Segmented } from '@/components/ui/segmented';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { readSchema, summary } from '../model/schema';
import { connectorTools, type ToolChange, useChangeTool, useDiscover } from '../queries';
import { Difference } from './difference';
import { ToolTest } from './tool-test';

export function ServerTools({ connector }: { connector: Connector }) {
  const tools = useQuery(connectorTools(connector.id));
  const discover = useDiscover();
  const [query, setQuery] = useState('');
  const refresh = () =>
    discover.mutate(connector.id, {
      onSuccess: ({ added, changed, removed }) =>
        toast.success(
          t('{{added}} new, {{changed}} changed, {{removed}} gone', {
            added: added.length,
            changed: changed.length,
            removed: removed.length,
          }),
        ),
      onError: (error) => toast.error(describe(error)),
    });
  const wanted = query.trim().toLowerCase();
  // What needs a decision comes first.
  const shown = useMemo(
    () =>
      (tools.data?.items ?? [])
        .filter((tool) => `${tool.name} ${tool.description}`.toLowerCase().includes(wanted))
        .sort((a, b) => Number(b.quarantined) - Number(a.quarantined) || a.name.localeCompare(b.name)),
    [tools.data, wanted],
  );

  if (tools.isPending) return <SkeletonRows rows={6} />;
  if (tools.isError) {
    return (
      <ErrorState
        title={t('The tools could not be loaded')}
        error={tools.error}
        onRetry={() => void tools.refetch()}
      />
    );
  }
  const again = (
    <Button variant="outline" busy={discover.isPending} onClick={refresh}>
      {!discover.isPending && <RefreshCw size={15} />}
      {tools.data.items.length === 0 ? t('Discover tools') : t('Discover again')}
    </Button>
  );
  if (tools.data.items.length === 0) {
    return (
      <EmptyState icon={<Wrench />} title={t('No tools known')} action={again}>
        {t('Ask the server what it offers; its tools will then stand here.')}
      </EmptyState>
    );
  }
  return (
    <div className="grid grid-cols-1 gap-4">
      <div className="flex flex-wrap gap-3">
        <label className="field flex-1 basis-56">
          <Search size={16} className="flex-none text-text-3" aria-hidden="true" />
          <input
            type="search"
            aria-label={t('Search tools')}
            placeholder={t('Search {{count}} tools', { count: tools.data.items.length })}
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </label>
        {again}
      </div>
      <div className="server-tools">
        {shown.map((tool) => (
          <ToolRow key={tool.id} connector={connector} tool={tool} />
        ))}
        {shown.length === 0 && <p className="p-4 text-text-3">{t('No tool matches.')}</p>}
      </div>
    </div>
  );
}

type Part = 'call' | 'input' | 'output';

function ToolRow({ connector, tool }: { connector: Connector; tool: Tool }) {
  const [open, setOpen] = useState(tool.quarantined);
  const change = useChangeTool(connector.id);
  const [part, setPart] = useState<Part>('call');
  const decide = (next: ToolChange) =>
    change.mutate({ toolId: tool.id, change: next }, { onError: (error) => toast.error(describe(error)) });
  const body = `tool-${tool.id}`;
  return (
    <section className="server-tool" aria-label={tool.name} data-off={!tool.enabled || undefined}>
      <button
        type="button"
        className="server-tool-head"
        aria-expanded={open}
        aria-controls={body}
        onClick={() => setOpen(!open)}
      >
        <ChevronRight
          size={16}
          className={cx('flex-none text-text-3 transition-transform', open && 'rotate-90')}
          aria-hidden="true"
        />
        <span className="min-w-0 flex-1">
          <span className="mono font-medium">{tool.name}</span>
          <span className="mono ml-2 text-text-3">{summary(readSchema(tool.input_schema))}</span>
          {!open && tool.description && (
            <span className="block truncate text-sm text-text-3">{tool.description}</span>
          )}
        </span>
        {tool.quarantined ? (
          <Status tone="warn" icon={<ShieldAlert />}>
            {t('Changed')}
          </Status>
        ) : !tool.enabled ? (
          <Status>{t('Off')}</Status>
        ) : (
          <>
            {tool.approval === 'ask' && <Status>{t('Asks first')}</Status>}
            {tool.read_only && <Status tone="ok">{t('Only reads')}</Status>}
          </>
        )}
      </button>
      {open && (
        <div id={body} className="server-tool-body">
          {tool.description && (
            <p className="max-w-[72ch] whitespace-pre-wrap text-text-2">{tool.description}</p>
          )}
          {tool.quarantined && (
            <div className="grid grid-cols-1 gap-3">
              <Difference tool={tool} />
              {connector.can_edit && (
                <div>
                  <Button
                    variant="outline"
                    busy={change.isPending}
                    onClick={() => decide({ approve_definition: true })}
                  >
                    {t('Approve the new definition')}
                  </Button>
                </div>
              )}
            </div>
          )}
          {connector.can_edit && (
            <div className="tool-decisions">
              <Switch
                label={t('May be called')}
                hint={t('Off, no agent can call it.')}
                checked={tool.enabled}
                disabled={change.isPending}
                onChange={(enabled) => decide({ enabled })}
              />
              <Switch
                label={t('Only reads')}
                hint={readOnlyHint(tool)}
                checked={tool.read_only}
                disabled={change.isPending}
                onChange={(read_only) => decide({ read_only })}
              />
              <Switch
                label={t('Ask a person first')}
                hint={t('Each call waits for an approval.')}
                checked={tool.approval === 'ask'}
                disabled={change.isPending}
                onChange={(ask) => decide({ approval: ask ? 'ask' : 'never' })}
              />
              <ToolCost
                key={tool.call_cost?.amount ?? ''}
                cost={tool.call_cost?.amount ?? ''}
                currency={tool.call_cost?.currency ?? 'USD'}
                busy={change.isPending}
                onChange={(call_cost) => decide({ call_cost })}
              />
            </div>
          )}
          <div className="grid grid-cols-1 gap-3">
            <div>
              <Segmented<Part>
                label={t('About {{name}}', { name: tool.name })}
                value={part}
                onChange={setPart}
                options={[
                  { value: 'call', label: t('Try it') },
                  { value: 'input', label: t('Input schema') },
                  ...(tool.output_schema ? [{ value: 'output' as const, label: t('Output schema') }] : []),
                ]}
              />
            </div>
            {part === 'call' ? (
              tool.quarantined || !tool.enabled ? (
                <p className="text-sm text-text-3">{t('It can be tried once it may be called.')}</p>
              ) : (
                <ToolTest serverId={connector.id} tool={tool} />
              )
            ) : (
              <div className="card max-h-[420px] overflow-auto bg-code p-4">
                <JsonView value={part === 'input' ? tool.input_schema : tool.output_schema} />
              </div>
            )}
          </div>
        </div>
      )}
    </section>
  );
}

/** The server's own word is shown, and never trusted. */
function readOnlyHint(tool: Tool): string {
  const claimed = tool.annotations?.readOnlyHint;
  if (claimed === true) return t('The server says so; what counts is your declaration.');
  if (claimed === false) return t('The server says it writes.');
  return t('Calls that only read are repeated and cached freely.');
}

/** What one call costs; budgets count it, and nothing else is done with it. */
function ToolCost({
  cost,
  currency,
  busy,
  onChange,
}: {
  cost: string;
  currency: string;
  busy: boolean;
  onChange: (cost: { amount: string; currency: string } | null) => void;
}) {
  const [typed, setTyped] = useState(cost);
  const amount = typed.trim().replace(',', '.');
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        onChange(amount === '' ? null : { amount, currency });
      }}
    >
      <TextField
        label={t('Cost of a call, in {{currency}}', { currency })}
        hint={t('Budgets count it. Leave it empty where a call costs nothing.')}
        inputMode="decimal"
        className="num max-w-40"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {typed !== cost && (
        <Button type="submit" variant="outline" busy={busy}>
          {t('Save')}
        </Button>
      )}
    </form>
  );
}
