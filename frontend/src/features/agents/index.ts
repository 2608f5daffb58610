/** Agents: the library, the builder, and the parts that a chat shows of them. */
export { AgentDetailPage } from './components/agent-detail-page';
export { AgentNewPage } from './components/agent-new-page';
export { AgentPill } from './components/agent-pill';
export { AgentSelect } from './components/agent-select';
export { AgentsPage } from './components/agents-page';
export { agentKeys } from './queries';
