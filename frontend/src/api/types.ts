/** The shapes of the API, by hand until `generated/` exists; field names are the wire's. */

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export type Theme = 'light' | 'dark' | 'system';
export type Density = 'compact' | 'comfortable' | 'spacious';
export type FontSize = 'small' | 'medium' | 'large' | 'x-large';

export interface Preferences {
  theme?: Theme;
  density?: Density;
  font_size?: FontSize;
  send_on?: 'enter' | 'mod_enter';
  follow_output?: boolean;
  [key: string]: unknown;
}

export interface User {
  id: string;
  email: string;
  name: string;
  first_name: string;
  last_name: string;
  avatar_url?: string | null;
  role: 'admin' | 'power_user' | 'standard_user' | 'guest';
  data_clearance_level: string;
  preferences: Preferences;
  custom_instructions?: string | null;
  default_agent_id?: string | null;
  is_active: boolean;
  is_verified: boolean;
  last_login?: string | null;
  created_at: string;
}

export interface Organization {
  id: string;
  name: string;
  slug: string;
  is_personal: boolean;
  industry?: string | null;
  website?: string | null;
  timezone?: string | null;
  created_at: string;
  updated_at: string;
}

export interface Environment {
  id: string;
  organization_id: string;
  name: string;
  type: 'dev' | 'staging' | 'prod';
  is_default: boolean;
}

export type OrganizationRole = 'owner' | 'admin' | 'member' | 'viewer';

export interface MyOrganization extends Organization {
  role: OrganizationRole;
  is_active_organization: boolean;
  environments: Environment[];
}

export interface Session {
  token_type: 'Bearer';
  expires_in: number;
  user: User;
  organization: Organization;
  environment: Environment;
}

export interface Me {
  user: User;
  organization: Organization;
  environment: Environment;
  role_in_organization: OrganizationRole;
  permissions: string[];
  limits: Record<string, unknown>;
}

export interface SetupStatus {
  needs_setup: boolean;
  registration_open: boolean;
  https_required_hint?: string | null;
}

export interface SignedInDevice {
  id: string;
  user_agent?: string | null;
  ip_address?: string | null;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  is_current: boolean;
}

export interface Member {
  user_id: string;
  email: string;
  name: string;
  role: OrganizationRole;
  is_active: boolean;
  is_verified: boolean;
  created_at: string;
}

export type ProviderName = 'anthropic' | 'openai' | 'azure' | 'openai_compatible';

export interface ProviderKey {
  id: string;
  provider: ProviderName;
  key_name: string;
  last_four: string;
  is_active: boolean;
  created_at: string;
  last_used_at?: string | null;
  base_url?: string | null;
}

export interface Model {
  id: string;
  provider: string;
  display_name: string;
  context_window: number | null;
  max_output_tokens: number | null;
  capabilities: { vision: boolean; tools: boolean; thinking: boolean; streaming: boolean };
  input_cost_per_1k?: string | null;
  output_cost_per_1k?: string | null;
  currency: string;
  available: boolean;
  unavailable_reason?: string | null;
  is_default: boolean;
  aliases: string[];
}

export interface AgentMcpServer {
  server_id: string;
  name: string;
  allowed_tools: string[] | null;
}

export interface Agent {
  id: string;
  organization_id: string;
  environment_id: string;
  owner_user_id?: string | null;
  name: string;
  slug: string;
  description: string;
  agent_type: string;
  mode: string;
  system_prompt: string;
  model: string;
  model_provider?: string | null;
  temperature: number;
  max_tokens: number;
  top_p?: number | null;
  max_tool_rounds: number;
  execution_config: { timeout_ms: number; max_retries: number; retry_delay_ms: number };
  capabilities: Record<string, unknown>;
  documentation?: string | null;
  examples: unknown[];
  tags: string[];
  is_active: boolean;
  is_template: boolean;
  visibility: string;
  is_official: boolean;
  is_verified: boolean;
  data_classification: string;
  required_permissions: string[];
  tools: string[];
  mcp_servers: AgentMcpServer[];
  current_version: number;
  forked_from_agent_id?: string | null;
  can_edit: boolean;
  created_at: string;
  updated_at: string;
}

export interface AgentVersion {
  id: string;
  agent_id: string;
  version: number;
  note?: string | null;
  snapshot: Record<string, unknown>;
  created_by?: string | null;
  created_at: string;
}

export interface ConversationSettings {
  temperature?: number | null;
  max_tokens?: number | null;
  top_p?: number | null;
  system_prompt?: string | null;
  thinking?: boolean | null;
}

export interface Conversation {
  id: string;
  title: string;
  agent_id?: string | null;
  model?: string | null;
  project_id?: string | null;
  is_pinned: boolean;
  is_archived: boolean;
  auto_route: boolean;
  settings: ConversationSettings;
  message_count: number;
  token_count: number;
  current_leaf_id?: string | null;
  created_at: string;
  updated_at: string;
  last_message_at?: string | null;
  running_run_id?: string | null;
}

export interface FileRef {
  id: string;
  name: string;
  mime_type: string;
  size_bytes: number;
  url: string;
}

export interface UploadedFile extends FileRef {
  sha256: string;
  created_at: string;
}

export interface ProblemView {
  code: string;
  title: string;
  detail: string;
  retryable: boolean;
}

export type ApprovalDecision = 'allow_once' | 'allow_in_conversation' | 'allow_always' | 'deny';

export interface HumanTask {
  id: string;
  run_id: string;
  call_id?: string | null;
  title: string;
  message: string;
  priority: 'low' | 'normal' | 'high';
  tool?: string | null;
  server?: string | null;
  arguments?: unknown;
  allowed_decisions: ApprovalDecision[];
  status: 'pending' | 'decided' | 'expired';
  decision?: ApprovalDecision | null;
  comment?: string | null;
  created_at: string;
  decided_at?: string | null;
  conversation_id?: string | null;
}

export interface ContentBlock {
  type: string;
  text?: string;
  data?: string;
  mimeType?: string;
  [key: string]: unknown;
}

export type Effect = 'allow' | 'deny' | 'approve';

export interface ToolCall {
  call_id: string;
  tool: string;
  server?: string | null;
  connector_id?: string | null;
  arguments: unknown;
  effect?: Effect | null;
  rule_id?: string | null;
  reason?: string | null;
  ok?: boolean | null;
  content?: ContentBlock[] | null;
  duration_ms?: number | null;
  cached?: boolean | null;
  attempts?: number | null;
  ledger?: string | null;
  status: 'called' | 'waiting' | 'running' | 'succeeded' | 'failed' | 'denied';
  human_task?: HumanTask | null;
}

export type ArtifactType = 'code' | 'html' | 'svg' | 'react' | 'mermaid' | 'text';

export interface ArtifactRef {
  artifact_id: string;
  identifier: string;
  version: number;
  artifact_type: ArtifactType;
  title: string;
  language?: string | null;
}

export interface Artifact {
  id: string;
  conversation_id: string;
  message_id?: string | null;
  agent_id?: string | null;
  identifier: string;
  version: number;
  type: ArtifactType;
  title: string;
  language?: string | null;
  content: string;
  parent_artifact_id?: string | null;
  latest_version: number;
  is_latest: boolean;
  created_at: string;
  updated_at: string;
}

export type MessageStatus = 'complete' | 'streaming' | 'interrupted' | 'failed' | 'cancelled' | 'waiting';

export interface Message {
  id: string;
  conversation_id: string;
  parent_message_id?: string | null;
  role: 'user' | 'assistant' | 'system' | 'agent';
  content: string;
  created_at: string;
  edited_at?: string | null;
  images: FileRef[];
  attachments: FileRef[];
  agent_id?: string | null;
  agent_name?: string | null;
  model?: string | null;
  run_id?: string | null;
  status: MessageStatus;
  finish_reason?: string | null;
  tokens?: { input: number; output: number; cached: number } | null;
  cost?: string | null;
  error?: ProblemView | null;
  thinking?: string | null;
  tool_calls: ToolCall[];
  artifacts: ArtifactRef[];
  sibling_ids: string[];
  metadata: Record<string, unknown>;
}

export type CompletedMessage = Pick<Message, 'id' | 'content' | 'status'> & Partial<Message>;

export type RunStatus =
  | 'pending'
  | 'running'
  | 'waiting'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'timed_out'
  | 'denied'
  | 'interrupted';

export interface Run {
  id: string;
  kind: string;
  status: RunStatus;
  parent_run_id?: string | null;
  root_run_id: string;
  retry_of?: string | null;
  agent_id?: string | null;
  connector_id?: string | null;
  tool_name?: string | null;
  conversation_id?: string | null;
  message_id?: string | null;
  trigger: string;
  input?: unknown;
  output?: unknown;
  error?: ProblemView | null;
  model_name?: string | null;
  input_tokens: number;
  output_tokens: number;
  cost: string;
  currency: string;
  attempts: number;
  last_seq: number;
  queued_at: string;
  started_at?: string | null;
  ended_at?: string | null;
  duration_ms?: number | null;
  created_at: string;
}

export interface Connector {
  id: string;
  name: string;
  slug: string;
  description: string;
  kind: 'mcp';
  transport: 'stdio' | 'sse' | 'http';
  endpoint?: string | null;
  command?: string | null;
  args: string[];
  env_vars: Record<string, string>;
  auth_type: 'none' | 'bearer' | 'api_key' | 'custom_header';
  auth_settings: { header?: string };
  has_secret: boolean;
  origin: 'official' | 'community' | 'private';
  visibility: string;
  enabled: boolean;
  approval_required: boolean;
  command_confirmed?: boolean | null;
  command_hash?: string | null;
  status: 'active' | 'inactive' | 'error';
  health_status: 'healthy' | 'error' | 'offline' | 'unknown';
  health_message?: string | null;
  last_health_check?: string | null;
  protocol_version?: string | null;
  server_info?: { name: string; version: string } | null;
  capabilities: { tools: number; resources: number; prompts: number };
  data_classification: string;
  tools_pending: number;
  can_edit: boolean;
  created_at: string;
  updated_at: string;
}

export interface Tool {
  id: string;
  connector_id?: string | null;
  name: string;
  display_name: string;
  description: string;
  input_schema: unknown;
  output_schema?: unknown;
  annotations?: Record<string, unknown> | null;
  tool_type: string;
  source: 'builtin' | 'connector' | 'manual';
  enabled: boolean;
  /** Whether its server still offers it. */
  present?: boolean;
  read_only: boolean;
  approval: 'never' | 'ask';
  definition_hash: string;
  approved_hash?: string | null;
  quarantined: boolean;
  difference?: { before: unknown; after: unknown } | null;
  version: number;
  synced_at?: string | null;
  /** Only in an agent's list of available tools. */
  server?: string | null;
}

interface EventBase {
  run_id: string;
  seq: number;
  at: string;
}

export type EventBody =
  | {
      type: 'run.started';
      kind: string;
      agent_id?: string;
      workflow_id?: string;
      conversation_id?: string;
      message_id?: string;
    }
  | { type: 'run.status'; status: RunStatus; reason?: string }
  | {
      type: 'routing.decided';
      agent_id: string;
      reason: string;
      forced: boolean;
      fallback: boolean;
      candidates: { agent_id: string; score: number }[];
      latency_ms: number;
    }
  | { type: 'agent.handoff'; from_agent_id: string; to_agent_id: string; reason: string }
  | { type: 'step.started'; step_id: string; kind: 'model' | 'tool' | 'retrieval' | 'node'; name: string }
  | {
      type: 'step.finished';
      step_id: string;
      kind: 'model' | 'tool' | 'retrieval' | 'node';
      name: string;
      duration_ms?: number;
      error?: ProblemView;
    }
  | { type: 'message.delta'; message_id: string; text: string }
  | { type: 'thinking.delta'; message_id: string; text: string }
  /** What its run knows of the message; files and versions stand in the list of messages. */
  | { type: 'message.completed'; message: CompletedMessage }
  | {
      type: 'tool.called';
      call_id: string;
      tool: string;
      connector_id?: string;
      server?: string;
      arguments: unknown;
    }
  | {
      type: 'tool.decided';
      call_id: string;
      effect: Effect;
      rule_id?: string;
      obligations: unknown[];
      reason?: string;
    }
  | {
      type: 'tool.result';
      call_id: string;
      ok: boolean;
      content: ContentBlock[];
      duration_ms: number;
      cached: boolean;
      attempts: number;
      ledger?: string;
    }
  | { type: 'approval.requested'; human_task: HumanTask }
  | { type: 'approval.decided'; human_task: HumanTask }
  | ({ type: 'artifact.started'; message_id: string } & ArtifactRef)
  | { type: 'artifact.delta'; artifact_id: string; text: string }
  | ({ type: 'artifact.completed'; text?: string } & ArtifactRef)
  | { type: 'node.started'; node_id: string; attempt: number; iteration?: number }
  | {
      type: 'node.finished';
      node_id: string;
      attempt: number;
      iteration?: number;
      output?: unknown;
      port?: string;
    }
  | { type: 'node.skipped'; node_id: string; attempt: number }
  | {
      type: 'usage';
      model: string;
      provider: string;
      input_tokens: number;
      output_tokens: number;
      cached_tokens: number;
      cost: string;
      currency: string;
    }
  | { type: 'run.finished'; status: RunStatus; output?: unknown; error?: ProblemView };

export type RunEvent = EventBase & EventBody;

export interface FeedEvent {
  type:
    | 'conversation.updated'
    | 'conversation.created'
    | 'conversation.deleted'
    | 'run.started'
    | 'run.finished'
    | 'approval.requested'
    | 'approval.decided'
    | 'connector.updated';
  conversation_id?: string;
  run_id?: string;
  connector_id?: string;
  [key: string]: unknown;
}

export interface SendAnswer {
  message: Message;
  reply: Message;
  run: Run;
}
