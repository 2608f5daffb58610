/**
 * The shapes of the API as the page calls them. They are the generated ones; only where the document says "any JSON" is
 * there a reader here that says what the page expects and survives anything else.
 */
import type * as wire from './generated/types.gen';

export type {
  AccessCampaign,
  AccessCampaignItem,
  AccessLevel,
  AccessRequest,
  AccessStanding,
  Agent,
  AgentMcpServer,
  AgentVersion,
  ApiKey as ProviderKey,
  Artifact,
  ArtifactKind as ArtifactType,
  ArtifactRef,
  AvailableTool,
  BacktestResponse as Backtest,
  BindingScope,
  Canvas,
  CheckedWorkflow,
  Connector,
  Conversation,
  ConversationSettings,
  Directory,
  Effect,
  Environment,
  EvaluateResponse as Explanation,
  EventBody,
  FileView as FileRef,
  Grant,
  GuardFinding,
  HumanTaskView as HumanTask,
  IdentityProviderResponse as IdentityProvider,
  IssuedToken,
  McpResource,
  McpServerConnection,
  McpServerDiscovery,
  Me,
  Member,
  MessageStatus,
  MessageView as Message,
  Model,
  MyOrganization,
  Obligation,
  Organization,
  OrganizationRole,
  PlatformRole,
  Policy,
  PolicyMode,
  ProblemView,
  RatingSummary,
  Role,
  RoleMapping,
  Run,
  RunEvent,
  RunStatus,
  SecretKeysResponse as SecretKeys,
  SentResponse as SendAnswer,
  ServiceAccount,
  Session,
  SetupStatusResponse as SetupStatus,
  SharedKind,
  SignedInDevice,
  SubjectKind,
  Tool,
  ToolCallView as ToolCall,
  ToolExecution,
  User,
  Workflow,
  WorkflowAnalytics,
  WorkflowEventStart,
  WorkflowFormat,
  WorkflowProblem,
  WorkflowSchedule,
  WorkflowSummary,
  WorkflowTemplate,
  WorkflowVersion,
  WorkflowWebhook,
} from './generated/types.gen';

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

export type Theme = 'light' | 'dark' | 'system';
export type Density = 'compact' | 'comfortable' | 'spacious';
export type FontSize = 'small' | 'medium' | 'large' | 'x-large';

/** What the page remembers for a person. */
export interface Preferences {
  theme?: Theme;
  density?: Density;
  font_size?: FontSize;
  contrast?: 'high' | 'normal';
  send_on?: 'enter' | 'mod_enter';
  follow_output?: boolean;
  [key: string]: unknown;
}

export function preferencesOf(user: Pick<wire.User, 'preferences'> | undefined): Preferences {
  return (user?.preferences ?? {}) as Preferences;
}

export type ProviderName = 'anthropic' | 'openai' | 'azure' | 'openai_compatible';

export type ApprovalDecision = 'allow_once' | 'allow_in_conversation' | 'allow_always' | 'deny';

/** A content block of MCP. */
export interface ContentBlock {
  type: string;
  text?: string;
  data?: string;
  mimeType?: string;
  [key: string]: unknown;
}

/** The content blocks of a tool's answer, whatever the tool made of them. */
export function contentBlocks(content: unknown): ContentBlock[] {
  if (content === null || content === undefined) return [];
  const list = Array.isArray(content) ? content : [content];
  return list.map((block: unknown) => {
    const known =
      block !== null && typeof block === 'object' && 'type' in block && typeof block.type === 'string';
    return known
      ? (block as ContentBlock)
      : { type: 'text', text: typeof block === 'string' ? block : JSON.stringify(block) };
  });
}

/** What a run knows of its message when it is over; files and versions stand in the list of messages. */
export type CompletedMessage = Pick<wire.MessageView, 'id' | 'content' | 'status'> &
  Partial<wire.MessageView>;

/** The message of `message.completed`, which the document leaves open. */
export function completedMessage(message: unknown): CompletedMessage {
  return message as CompletedMessage;
}

/** A notice of the caller's feed. */
export type FeedEvent = wire.FeedEvent;
