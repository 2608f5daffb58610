/** An agent beside a message or in a header: pill, name, and its details on demand. */
import { AgentBadge } from '@/components/ui/badges';
import { Tooltip } from '@/components/ui/tooltip';

interface Props {
  name: string;
  id?: string;
  /** Why this agent answers, such as "auto-routed". */
  note?: string;
  description?: string;
}

export function AgentPill({ name, id, note, description }: Props) {
  const badge = <AgentBadge name={name} {...(id ? { id } : {})} {...(note ? { note } : {})} />;
  if (!description) return badge;
  return (
    <Tooltip text={description}>
      <span className="inline-flex max-w-full">{badge}</span>
    </Tooltip>
  );
}
