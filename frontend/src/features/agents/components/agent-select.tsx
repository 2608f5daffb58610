/** Chooses who answers next: one agent, or whoever fits best. */
import { Menu as Base } from '@base-ui/react/menu';
import { useQuery } from '@tanstack/react-query';
import { Check, ChevronDown, Hexagon, Search, Sparkles } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { agentOptionsQuery } from '@/api/queries';
import type { Agent } from '@/api/types';
import { agentColour } from '@/components/ui/badges';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';

interface Props {
  /** The chosen agent's id; null for automatic. */
  value: string | null | undefined;
  onChange: (agent: Agent | null) => void;
  /** The name of whom the last routing chose, shown behind "Auto". */
  routedTo?: string | undefined;
  disabled?: boolean;
  side?: 'top' | 'bottom';
}

const COLOURS = {
  '': 'var(--agent-blue)',
  green: 'var(--agent-green)',
  purple: 'var(--agent-purple)',
} as const;

export function AgentSelect({ value, onChange, routedTo, disabled, side = 'top' }: Props) {
  const agents = useQuery(agentOptionsQuery);
  const [query, setQuery] = useState('');
  const popup = useRef<HTMLDivElement>(null);
  const all = useMemo(() => (agents.data?.items ?? []).filter((agent) => agent.is_active), [agents.data]);
  const found = useMemo(() => {
    const wanted = query.trim().toLowerCase();
    return wanted
      ? all.filter((agent) => `${agent.name} ${agent.description}`.toLowerCase().includes(wanted))
      : all;
  }, [all, query]);
  const chosen = agents.data?.items.find((agent) => agent.id === value);
  const label = chosen
    ? chosen.name
    : value
      ? t('Agent')
      : routedTo
        ? t('Auto: {{name}}', { name: routedTo })
        : t('Auto');

  return (
    <Base.Root modal={false} onOpenChange={(open) => open && setQuery('')}>
      <Base.Trigger
        className="btn min-w-0 px-2 text-sm font-normal text-text-2"
        disabled={disabled}
        aria-label={t('Agent: {{name}}', { name: label })}
      >
        <span
          className="dot"
          style={{ ['--c' as string]: chosen ? COLOURS[agentColour(chosen.id)] : 'var(--agent-blue)' }}
          aria-hidden="true"
        />
        <span className="truncate">{label}</span>
        <ChevronDown size={15} aria-hidden="true" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner align="start" side={side} sideOffset={6} collisionPadding={8} className="z-50">
          <Base.Popup ref={popup} className="menu w-[320px]">
            {all.length > 7 && (
              <label className="mb-1 flex items-center gap-2 border-border border-b px-2.5 pb-1.5">
                <Search size={15} className="text-text-3" aria-hidden="true" />
                <input
                  className="min-h-8 min-w-0 flex-1 bg-transparent outline-none"
                  aria-label={t('Find an agent')}
                  placeholder={t('Find an agent')}
                  value={query}
                  onChange={(event) => setQuery(event.target.value)}
                  // The menu would take letters as a search of its own.
                  onKeyDown={(event) => {
                    if (event.key !== 'ArrowDown' && event.key !== 'Escape' && event.key !== 'Tab')
                      event.stopPropagation();
                  }}
                />
              </label>
            )}
            <Choice
              icon={<Sparkles size={16} />}
              name={t('Auto')}
              description={t('The agent that fits the question answers.')}
              chosen={!value}
              onSelect={() => onChange(null)}
            />
            {found.map((agent) => (
              <Choice
                key={agent.id}
                icon={<Hexagon size={16} style={{ color: COLOURS[agentColour(agent.id)] }} />}
                name={agent.name}
                description={agent.description}
                chosen={agent.id === value}
                onSelect={() => onChange(agent)}
              />
            ))}
            {agents.isPending && <p className="px-2.5 py-2 text-sm text-text-3">{t('Loading agents')}</p>}
            {agents.isError && (
              <p className="px-2.5 py-2 text-sm text-err">{t('The agents could not be loaded.')}</p>
            )}
            {agents.isSuccess && found.length === 0 && (
              <p className="px-2.5 py-2 text-sm text-text-3">{t('No agent matches.')}</p>
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

function Choice({
  icon,
  name,
  description,
  chosen,
  onSelect,
}: {
  icon: React.ReactNode;
  name: string;
  description: string;
  chosen: boolean;
  onSelect: () => void;
}) {
  return (
    <Base.Item className={cx('menu-item items-start py-1.5')} onClick={onSelect} label={name}>
      <span className="mt-0.5 flex-none">{icon}</span>
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{name}</span>
        {description && <span className="line-clamp-2 block text-xs text-text-3">{description}</span>}
      </span>
      {chosen && <Check size={16} className="mt-0.5 flex-none text-accent-text" aria-label={t('chosen')} />}
    </Base.Item>
  );
}
