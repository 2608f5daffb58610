/** The icon of a kind of node. */
import {
  Boxes,
  Cable,
  CheckCheck,
  CircleStop,
  Database,
  Earth,
  GitFork,
  Hexagon,
  Hourglass,
  type LucideIcon,
  Merge,
  Play,
  Plug,
  Repeat,
  RotateCw,
  Send,
  Sigma,
  Split,
  SquareTerminal,
  StickyNote,
  User,
  Workflow,
} from 'lucide-react';
import { kindInfo } from '../model/kinds';

const icons: Record<string, LucideIcon> = {
  start: Play,
  end: CircleStop,
  agent: Hexagon,
  tool: Plug,
  http: Earth,
  database: Database,
  integration: Send,
  code: SquareTerminal,
  transform: Sigma,
  condition: GitFork,
  parallel: Split,
  join: Merge,
  map: Repeat,
  loop: RotateCw,
  subworkflow: Workflow,
  review: CheckCheck,
  human: User,
  wait: Hourglass,
  connection: Cable,
  note: StickyNote,
};

export function KindTile({
  kind,
  emoji,
  color,
  size = 32,
}: {
  kind: string;
  emoji?: string | undefined;
  color?: string | undefined;
  size?: number;
}) {
  const Icon = icons[kind] ?? Boxes;
  return (
    <span
      className="tile"
      style={{
        ['--k' as string]: color ?? kindInfo(kind).color,
        width: size,
        height: size,
        borderRadius: Math.round(size * 0.31),
        fontSize: Math.round(size * 0.5),
      }}
      aria-hidden="true"
    >
      {emoji ?? <Icon size={Math.round(size * 0.56)} />}
    </span>
  );
}
