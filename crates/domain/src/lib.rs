#![doc = include_str!("../README.md")]

mod access_level;
mod agent;
mod analytics;
mod api_connector;
mod artifact;
mod audit;
mod breaker;
mod budget;
mod caller;
mod campaign;
mod canvas;
mod classification;
mod clock;
mod connector;
mod content;
mod conversation;
mod credential;
mod decision;
mod directory;
mod erasure;
mod error;
mod event;
mod file;
pub mod gen_ai;
mod grant;
mod hook;
mod human_task;
mod id;
mod identity_provider;
mod lifetime;
mod message;
mod message_view;
mod opinion;
mod organization;
mod page;
mod policy;
mod pricing;
mod public_share;
mod redacted;
mod run;
mod schedule;
mod scope;
mod secret;
mod tenant_key;
mod told_event;
mod usage;
mod user;
mod workflow;

pub use access_level::AccessLevel;
pub use agent::{
    Agent, AgentConnector, AgentFilter, AgentMode, AgentSnapshot, AgentSpec, AgentVersion, ExecutionConfig,
    InboundAuth, NewAgent,
};
pub use analytics::{Durations, ErrorCount, NodeFigures, NodeSummary, RunBucket, StatusCount, WorkflowSpan};
pub use api_connector::{ApiAuth, ApiMethod, ApiOperation, ApiSpec, FREE_REQUEST};
pub use artifact::{Artifact, NewArtifact};
pub use audit::{
    AuditChain, AuditCheckpoint, AuditEvent, AuditFilter, AuditForward, AuditPiece, AuditSeal, AuditTally,
    CheckpointKind, ForwardCredential, NewAuditEvent, PSEUDONYMISED, Personal, RecordedDecision, said_of,
};
pub use breaker::{Breaker, Permit, Showed};
pub use budget::{
    Budget, BudgetCounter, BudgetPeriod, BudgetRefusal, BudgetScope, BudgetStanding, NewBudget,
    RefusalReason, RunLimits, Spender,
};
pub use caller::{Caller, Principal};
pub use campaign::{Campaign, CampaignItem, ReviewDecision};
pub use canvas::{Canvas, CanvasSpec};
pub use classification::{Classification, MASK, Visibility};
pub use clock::{Clock, FixedClock, SystemClock};
pub use connector::{
    AuthType, Connector, ConnectorFilter, ConnectorHealth, ConnectorSpec, ConnectorTool, EnvValues, Health,
    NewConnector, Origin, SeenTool, ToolChange, ToolSync, Transport,
};
pub use content::{ArtifactKind, MessageRole, canonical_json, sha256_hex};
pub use conversation::{
    Conversation, ConversationFilter, ConversationPatch, ConversationSettings, NewConversation,
};
pub use credential::{
    InboundProof, IssuedToken, Mfa, NewIssuedToken, Revoked, ServiceAccount, ServiceAccountSpec, TokenKind,
    TokenStatus,
};
pub use decision::{
    Decision, Effect, GuardFinding, GuardKind, InjectionAction, Obligation, OutputAction, TraceStep,
};
pub use directory::{Directory, DirectoryGroup, DirectoryUser, GroupRole};
pub use erasure::{Erasure, ErasureStatus};
pub use error::{ErrorKind, FieldError, Kind, LimitPolicy};
pub use event::{
    ApprovalDecision, ArtifactRef, EventBody, HumanTaskView, NodeWait, ProblemView, RouteCandidate, RunEvent,
    StepKind, TaskNotice,
};
pub use file::{File, NewFile};
pub use grant::{
    AccessRequest, AccessRequestStatus, Grant, GrantFilter, GrantSubject, NewAccessRequest, NewGrant,
    ResourceRef, SharedKind, SubjectKind,
};
pub use hook::{HookDelivery, WorkflowHook};
pub use human_task::{HumanTask, NewHumanTask};
pub use id::*;
pub use identity_provider::{
    ExternalIdentity, IdentityProvider, IdentityProviderSpec, RoleMapping, SignInFlow,
};
pub use lifetime::{Expired, Lifetime};
pub use message::{FileRef, Message, MessagePatch, MessageStatus, NewMessage};
pub use message_view::{FileView, MessageView, TokensView, ToolCallStatus, ToolCallView};
pub use opinion::{Rating, RatingSummary, Tag, TagType};
pub use organization::{
    CONTEXT_OF_RUNS, Environment, EnvironmentType, Member, Membership, NewEnvironment, NewOrganization,
    Organization, OrganizationChange, OrganizationRole, Standing,
};
pub use page::{Page, PageRequest};
pub use policy::{BindingScope, Policy, PolicyBinding, PolicyMode, PolicyRule};
pub use pricing::{ModelPrice, NewModelPrice, PriceSource, Tokens};
pub use public_share::{NewPublicShare, PublicShare};
pub use redacted::Redacted;
pub use run::{
    EffectState, NewRun, Run, RunFilter, RunKind, RunOutcome, RunSignal, RunStatus, RunTrigger, SignalKind,
};
pub use schedule::{NewSchedule, StartError, WorkflowSchedule};
pub use scope::Scope;
pub use secret::{ApiKey, NewApiKey, NewSecret, Secret};
pub use tenant_key::{KeyCensus, KeyRotation, RotationStatus, WrappedKey};
pub use told_event::{EventStart, ToldEvent};
pub use usage::{
    CallCost, NewUsage, NodeShare, UsageBucket, UsageDimension, UsageFilter, UsageGrouping, UsageTotals,
    decimal_of_nanos, nanos_of_decimal,
};
pub use user::{
    LinkPurpose, NewRole, NewSession, NewUser, OneTimeLink, PlatformRole, Role, RoleScope, Session, User,
    UserChange,
};
pub use workflow::{
    Concurrency, NewWorkflow, PublishedVersion, Workflow, WorkflowFilter, WorkflowSpec, WorkflowVersion,
};
