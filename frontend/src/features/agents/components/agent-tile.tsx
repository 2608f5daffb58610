/** The tinted tile that stands for an agent; the same agent has the same colour everywhere. */
import { Hexagon } from 'lucide-react';
import { agentColour } from '@/components/ui/badges';

const COLOURS = {
  '': 'var(--agent-blue)',
  green: 'var(--agent-green)',
  purple: 'var(--agent-purple)',
} as const;

export function AgentTile({ id, large }: { id: string; large?: boolean }) {
  return (
    <span
      className="tile"
      style={{
        ['--k' as string]: COLOURS[agentColour(id)],
        ...(large ? { width: 52, height: 52, borderRadius: 15 } : {}),
      }}
      aria-hidden="true"
    >
      <Hexagon size={large ? 26 : 21} />
    </span>
  );
}
