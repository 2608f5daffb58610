//! Why something is not allowed, or could not be decided.

use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use conductor_domain::{BudgetRefusal, Clock, ErrorKind, Kind, LimitPolicy, RefusalReason};

/// A refusal, or a failure to decide; either way nothing happened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller may not know that it exists.
    #[error("no such {what}")]
    Hidden {
        /// The noun.
        what: &'static str,
    },
    /// The caller sees it but may not do this.
    #[error("{reason}")]
    Denied {
        /// The stable code: `policy_denied`, `role_missing`, `scope_missing` or `clearance_too_low`.
        code: &'static str,
        /// The rule that decided.
        rule: String,
        /// The last sentence of the trace.
        reason: String,
    },
    /// Too often.
    #[error("the limit of {which} is reached")]
    Limited {
        /// Which limit, in words.
        which: String,
        /// When to try again.
        retry_after: Duration,
        /// The limit.
        policy: LimitPolicy,
    },
    /// A budget refuses the call.
    #[error("{refusal}")]
    Budget {
        /// Which, and why.
        refusal: Box<BudgetRefusal>,
        /// When to try again, where that helps.
        retry_after: Option<Duration>,
    },
    /// A secret that is named but not stored, or cannot be opened with the present key.
    #[error("the secret {reference:?} cannot be read")]
    Secret {
        /// Its reference.
        reference: String,
    },
    /// Secrets could not be fetched; what needs one is not done until they can.
    #[error("secrets cannot be read at the moment, so nothing that needs one is done; try again")]
    Secrets(#[source] conductor_storage::Error),
    /// The master key is out of reach, so that no secret can be opened or sealed until it is back.
    #[error("the key that protects secrets is out of reach at the moment; try again")]
    Keys(#[source] conductor_secrets::Error),
    /// Roles or policies could not be compiled; everything is denied until they can.
    #[error("roles and policies cannot be compiled")]
    Undecidable(#[source] conductor_rbac::Error),
    /// Roles or policies could not be fetched; everything is denied until they can.
    #[error("roles and policies cannot be read at the moment, so nothing is allowed; try again")]
    Unreadable(#[source] conductor_storage::Error),
    /// The file of the audit log's checkpoints cannot be read or written.
    #[error("the file of the audit log's checkpoints cannot be used")]
    Anchor(#[source] std::io::Error),
    /// Storage failed.
    #[error("storage failed")]
    Storage(#[from] conductor_storage::Error),
}

/// The result of a call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// When what is reserved for calls under way may be free again.
const RESERVED_FOR: Duration = Duration::from_secs(5);

impl Error {
    /// The refusal of a budget, with the time until it may be asked again.
    #[must_use]
    pub fn budget(refusal: BudgetRefusal, clock: &dyn Clock) -> Self {
        let retry_after = match refusal.reason {
            RefusalReason::Reserved => Some(RESERVED_FOR),
            RefusalReason::Spent => refusal.resets_at.and_then(|at| (at - clock.now()).to_std().ok()),
            RefusalReason::Currency | RefusalReason::RunTokens | RefusalReason::RunCost => None,
        };
        Self::Budget { refusal: Box::new(refusal), retry_after }
    }

    /// The same with the moment at which a limit ends, for who reads words and no headers: a model.
    #[must_use]
    pub fn with_end(&self, clock: &dyn Clock) -> String {
        let Self::Limited { retry_after, .. } = self else { return self.to_string() };
        let wait = TimeDelta::from_std(*retry_after).ok();
        match wait.and_then(|wait| clock.now().checked_add_signed(wait)) {
            Some(end) => format!("{self}; it ends at {}", end.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => self.to_string(),
        }
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Hidden { .. } => ErrorKind::NotFound,
            Self::Denied { .. } => ErrorKind::Forbidden,
            Self::Limited { retry_after, .. } => ErrorKind::Limited { retry_after: Some(*retry_after) },
            Self::Budget { retry_after, .. } => ErrorKind::Limited { retry_after: *retry_after },
            Self::Secret { .. } => ErrorKind::Conflict,
            Self::Keys(error) => error.kind(),
            Self::Undecidable(_) | Self::Anchor(_) => ErrorKind::Internal,
            Self::Unreadable(_) | Self::Secrets(_) => ErrorKind::Unavailable,
            Self::Storage(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Hidden { .. } => "not_found",
            Self::Denied { code, .. } => code,
            Self::Limited { .. } => "rate_limited",
            Self::Budget { refusal, .. } => refusal.code(),
            Self::Secret { .. } => "secret_unreadable",
            Self::Keys(error) => error.code(),
            Self::Undecidable(_) | Self::Anchor(_) => "internal",
            Self::Unreadable(_) => "policy_unavailable",
            Self::Secrets(_) => "secrets_unavailable",
            Self::Storage(error) => error.code(),
        }
    }

    fn limit(&self) -> Option<LimitPolicy> {
        match self {
            Self::Limited { policy, .. } => Some(*policy),
            _ => None,
        }
    }

    fn rule_id(&self) -> Option<String> {
        match self {
            Self::Denied { rule, .. } => Some(rule.clone()),
            Self::Budget { refusal, .. } => Some(format!("budgets/{}", refusal.budget_id)),
            _ => None,
        }
    }
}
