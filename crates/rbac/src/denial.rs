//! Why a decision denies, for doors that must tell "absent" from "refused".

use conductor_domain::{Decision, Effect};

/// What a denial rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The subject may not know that the row exists: answer as for an unknown id.
    Hidden,
    /// The credential's scopes leave the action out.
    Credential,
    /// No role of the subject has the permission, or one that the row asks for.
    Role,
    /// The row is seen, but the action asks for more of it.
    Access,
    /// The row's classification is above the subject's clearance.
    Clearance,
    /// A policy, or that none allows.
    Policy,
}

/// What the decision denies by; `None` when it does not deny.
#[must_use]
pub fn denial(decision: &Decision) -> Option<Denial> {
    (decision.effect == Effect::Deny).then_some(match decision.rule.as_str() {
        HIDDEN => Denial::Hidden,
        SCOPE => Denial::Credential,
        ROLE | REQUIRED => Denial::Role,
        FOREIGN | ACCESS => Denial::Access,
        CLEARANCE => Denial::Clearance,
        _ => Denial::Policy,
    })
}

/// The names of the built-in refusals, as decisions carry them.
pub(crate) const HIDDEN: &str = "visibility/hidden";
pub(crate) const FOREIGN: &str = "tenant/foreign";
pub(crate) const SCOPE: &str = "credential/scope";
pub(crate) const ROLE: &str = "roles/missing";
pub(crate) const REQUIRED: &str = "roles/required-permission";
pub(crate) const ACCESS: &str = "access/too-low";
pub(crate) const CLEARANCE: &str = "clearance/too-low";
pub(crate) const DEFAULT: &str = "policies/default-deny";
/// Opens the name of a refusal by a rule that could not be read; the rule's id follows.
pub(crate) const UNREADABLE: &str = "policies/unreadable/";
/// The rule of a tool whose `approval` is `ask`.
pub const ASKS: &str = "tool/asks";
