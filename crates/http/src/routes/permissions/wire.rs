//! Grants and wishes for them, as they travel.

use chrono::{DateTime, Utc};
use conductor_domain::{
    AccessLevel, AccessRequestId, AccessRequestStatus, GrantId, GrantSubject, ResourceRef, SharedKind,
    SubjectKind, UserId,
};
use conductor_governance::{GrantDraft, GrantView, RequestView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a subject may do with a row that is not its own.
#[derive(Serialize, ToSchema)]
#[schema(as = Grant)]
pub(crate) struct GrantResponse {
    id: GrantId,
    subject_type: SubjectKind,
    subject_id: Uuid,
    /// A person's name or address, a role's name, an agent's or a service account's.
    subject_name: Option<String>,
    subject_email: Option<String>,
    resource_type: SharedKind,
    resource_id: Uuid,
    /// What the row is called, where the caller may see it.
    resource_name: Option<String>,
    access_level: AccessLevel,
    granted_by_user_id: Option<UserId>,
    granted_by_name: Option<String>,
    granted_at: DateTime<Utc>,
    /// When it ends by itself.
    expires_at: Option<DateTime<Utc>>,
}

impl From<GrantView> for GrantResponse {
    fn from(view: GrantView) -> Self {
        let GrantView { grant, resource_name, subject_name, subject_email, granted_by_name } = view;
        Self {
            id: grant.id,
            subject_type: grant.subject.kind,
            subject_id: grant.subject.id,
            subject_name,
            subject_email,
            resource_type: grant.resource.kind,
            resource_id: grant.resource.id,
            resource_name,
            access_level: grant.level,
            granted_by_user_id: grant.granted_by,
            granted_by_name,
            granted_at: grant.granted_at,
            expires_at: grant.expires_at,
        }
    }
}

/// How much of a row is shared.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShareLevel {
    /// See it.
    Read,
    /// See it and take a copy.
    Clone,
    /// See, copy, use and change it.
    Edit,
}

/// A share with a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateShareRequest {
    user_id: UserId,
    permission_level: ShareLevel,
    /// When it ends by itself.
    expires_at: Option<DateTime<Utc>>,
}

impl From<CreateShareRequest> for GrantDraft {
    fn from(request: CreateShareRequest) -> Self {
        let level = match request.permission_level {
            ShareLevel::Read => AccessLevel::Read,
            ShareLevel::Clone => AccessLevel::Clone,
            ShareLevel::Edit => AccessLevel::Write,
        };
        let subject = GrantSubject { kind: SubjectKind::User, id: request.user_id.as_uuid() };
        Self { subject, level, expires_at: request.expires_at }
    }
}

/// One grant of a list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantEntry {
    /// `user` where it is not named.
    subject_type: Option<SubjectKind>,
    subject_id: Uuid,
    access_level: AccessLevel,
    /// When it ends by itself.
    expires_at: Option<DateTime<Utc>>,
}

impl From<GrantEntry> for GrantDraft {
    fn from(entry: GrantEntry) -> Self {
        let GrantEntry { subject_type, subject_id, access_level, expires_at } = entry;
        let kind = subject_type.unwrap_or(SubjectKind::User);
        Self { subject: GrantSubject { kind, id: subject_id }, level: access_level, expires_at }
    }
}

/// Every grant that a row shall have; those of others are taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceGrantsRequest {
    pub(crate) grants: Vec<GrantEntry>,
}

/// Every grant that a row has.
#[derive(Serialize, ToSchema)]
pub(crate) struct GrantsResponse {
    pub(crate) items: Vec<GrantResponse>,
    /// Always `null`: they come in one page.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
}

/// A grant to be made; what the subject was granted on the row before gives way.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateGrantRequest {
    pub(super) resource_type: SharedKind,
    pub(super) resource_id: Uuid,
    /// `user` where it is not named.
    pub(super) subject_type: Option<SubjectKind>,
    pub(super) subject_id: Uuid,
    pub(super) access_level: AccessLevel,
    /// When it ends by itself.
    pub(super) expires_at: Option<DateTime<Utc>>,
}

impl CreateGrantRequest {
    pub(super) fn parts(self) -> (ResourceRef, GrantDraft) {
        let Self { resource_type, resource_id, subject_type, subject_id, access_level, expires_at } = self;
        let entry = GrantEntry { subject_type, subject_id, access_level, expires_at };
        (ResourceRef { kind: resource_type, id: resource_id }, entry.into())
    }
}

/// A grant to be taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeGrantRequest {
    pub(super) grant_id: GrantId,
}

/// A question about the caller: a level or an action on a row, or a permission of its roles at all.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckPermissionRequest {
    pub(super) resource_type: Option<SharedKind>,
    pub(super) resource_id: Option<Uuid>,
    /// How much of the row.
    pub(super) access_level: Option<AccessLevel>,
    /// `agent.update`, instead of a level; without a row, any permission that roles name.
    pub(super) permission: Option<String>,
}

/// What would be decided.
#[derive(Serialize, ToSchema)]
pub(super) struct CheckPermissionResponse {
    pub(super) allowed: bool,
    /// Whether a person would be asked before it is done.
    pub(super) needs_approval: bool,
    /// The rule that decides.
    pub(super) rule_id: String,
    /// Why, as a sentence.
    pub(super) reason: String,
}

/// A wish for access.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessRequest)]
pub(super) struct AccessRequestResponse {
    id: AccessRequestId,
    user_id: UserId,
    user_name: Option<String>,
    user_email: Option<String>,
    resource_type: SharedKind,
    resource_id: Uuid,
    /// What the row is called, where the caller may see it.
    resource_name: Option<String>,
    access_level: AccessLevel,
    reason: String,
    /// For how long it was asked, in hours; for good where it is missing.
    hours: Option<i32>,
    status: AccessRequestStatus,
    /// Whether the caller may answer it.
    can_decide: bool,
    decided_by: Option<UserId>,
    decided_by_name: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    comment: Option<String>,
    grant_id: Option<GrantId>,
    grant_expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<RequestView> for AccessRequestResponse {
    fn from(view: RequestView) -> Self {
        let RequestView { request, resource_name, user_name, user_email, decided_by_name, can_decide } = view;
        Self {
            id: request.id,
            user_id: request.user_id,
            user_name,
            user_email,
            resource_type: request.resource.kind,
            resource_id: request.resource.id,
            resource_name,
            access_level: request.level,
            reason: request.reason,
            hours: request.hours,
            status: request.status,
            can_decide,
            decided_by: request.decided_by,
            decided_by_name,
            decided_at: request.decided_at,
            comment: request.comment,
            grant_id: request.grant_id,
            grant_expires_at: request.grant_expires_at,
            created_at: request.created_at,
        }
    }
}
