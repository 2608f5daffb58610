/** Which version of a workflow runs. */
import type { WorkflowSummary } from '@/api/types';

type Numbers = Pick<WorkflowSummary, 'version' | 'published_version'>;

/** The version that runs where nobody names one. */
export const runningVersion = ({ version, published_version }: Numbers): number =>
  published_version ?? version;

/** Whether the newest version waits for somebody to publish it. */
export const isDraft = (workflow: Numbers): boolean => runningVersion(workflow) !== workflow.version;
