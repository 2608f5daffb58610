/** In which order questions wait: the most urgent first, and of those the one that is due first. */
import type { HumanTask } from '@/api/types';

const WEIGHT: Record<string, number> = { urgent: 0, high: 1, normal: 2, low: 3 };

type Waiting = Pick<HumanTask, 'priority' | 'due_at'>;

const weight = ({ priority }: Waiting) => WEIGHT[priority] ?? 2;
const due = ({ due_at }: Waiting) => (due_at ? Date.parse(due_at) : Number.POSITIVE_INFINITY);

/** The others stay as they came, the newest first. */
export function byUrgency<Task extends Waiting>(tasks: readonly Task[]): Task[] {
  return [...tasks].sort((one, other) => {
    const first = weight(one) - weight(other);
    if (first !== 0) return first;
    const [mine, theirs] = [due(one), due(other)];
    return mine === theirs ? 0 : mine < theirs ? -1 : 1;
  });
}
