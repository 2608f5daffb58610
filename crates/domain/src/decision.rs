//! The answer of the decision point: an effect, the rule that gave it, what must be done, and why.

use serde::{Deserialize, Serialize};

use crate::classification::words;

/// What a decision says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Go on.
    Allow,
    /// Stop.
    Deny,
    /// Ask a person first.
    Approve,
}

words!(Effect { Allow = "allow", Deny = "deny", Approve = "approve" });

/// Something the caller of the decision must do when it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Obligation {
    /// Replace these fields of a result, named as JSON pointers.
    MaskFields {
        /// JSON pointers.
        pointers: Vec<String>,
    },
    /// Keep arguments and results out of logs and events.
    NoBodies,
    /// Ask one of these roles.
    ApproveBy {
        /// Role names.
        roles: Vec<String>,
    },
}

/// One sentence of a trace, in evaluation order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraceStep {
    /// The source that was asked, such as `roles` or `policies`.
    pub source: String,
    /// What it said, as a sentence.
    pub says: String,
}

/// A decision with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Allow, deny or approve.
    pub effect: Effect,
    /// The rule that decided: a policy rule's id or a built-in name such as `roles/organization:member`.
    pub rule: String,
    /// What must be done on the way.
    pub obligations: Vec<Obligation>,
    /// How it was reached.
    pub trace: Vec<TraceStep>,
}

impl Decision {
    /// Whether the decision is `allow`.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.effect == Effect::Allow
    }
}
