/** Workflows: the library, and the designer of one. */
export { WorkflowPage } from './components/workflow-page';
export { WorkflowsPage } from './components/workflows-page';
