//! Reviews of grants: each grant that was live when a review began is confirmed or dropped by somebody.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{CampaignId, CampaignItemId, Grant, OrganizationId, UserId, classification::words};

/// What a reviewer says of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReviewDecision {
    /// It is still needed.
    Confirm,
    /// It is not; it is taken back.
    Drop,
}

words!(ReviewDecision { Confirm = "confirm", Drop = "drop" });

/// A review of every grant of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// The review.
    pub id: CampaignId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// What it is called.
    pub name: String,
    /// By when it shall be done.
    pub due_at: DateTime<Utc>,
    /// Who opened it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Grants that it asks about.
    pub total: u64,
    /// Those that were confirmed.
    pub confirmed: u64,
    /// Those that were dropped.
    pub dropped: u64,
}

/// One grant under review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignItem {
    /// The question.
    pub id: CampaignItemId,
    /// The review.
    pub campaign_id: CampaignId,
    /// The grant as it is now.
    pub grant: Grant,
    /// What was said.
    pub decision: Option<ReviewDecision>,
    /// By whom.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Words beside it.
    pub comment: Option<String>,
}
