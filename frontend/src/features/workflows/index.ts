/** Workflows: the library, the designer of one, its runs, and the questions that they ask. */

export { HumanStep, isHumanStep, Question } from './components/human-step';
export { DrawingsPage } from './components/lazy-drawings';
export { WorkflowRun } from './components/lazy-run';
export { WorkflowPage } from './components/workflow-page';
export { WorkflowsPage } from './components/workflows-page';
export { workflowTitle } from './model/names';
export { workflowOptions } from './queries';
