/** MCP servers: where agents get their tools. */
export { ServerDetailPage } from './components/server-detail-page';
export { ServersPage } from './components/servers-page';
export { connectorKeys } from './queries';
