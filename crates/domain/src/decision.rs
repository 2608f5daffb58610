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

impl Effect {
    /// How much it holds back: nothing, until somebody agrees, or altogether.
    #[must_use]
    pub const fn strictness(self) -> u8 {
        match self {
            Self::Allow => 0,
            Self::Approve => 1,
            Self::Deny => 2,
        }
    }
}

/// Something the caller of the decision must do when it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Obligation {
    /// Replace these fields of a result, named as JSON pointers.
    MaskFields {
        /// JSON pointers (RFC 6901), such as `/customers/*/email`; `*` stands for each element of a list and each field of
        /// an object.
        pointers: Vec<String>,
    },
    /// Leave out the rows of a result that are not of these values. A result without such a list is withheld.
    FilterRows {
        /// Where the list of rows is, as a pointer like those of fields; the result itself where empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        rows: String,
        /// The field of each row that is looked at, as a JSON pointer into the row.
        field: String,
        /// Values whose rows are kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        values: Vec<serde_json::Value>,
        /// An attribute of whoever asks whose value, or values, are kept too; `user_id` is their own id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attribute: Option<String>,
    },
    /// Keep nothing of what the call is given and answers: it goes no further than the run, and is emptied once that is
    /// over.
    NoBodies,
    /// Look for instructions in what a tool answered, where a model would take them for somebody's words.
    GuardInjection {
        /// What to do where some are found.
        action: InjectionAction,
    },
    /// Look for secrets and personal data in what leaves: a tool's answer, or an agent's.
    GuardOutput {
        /// What to look for; all of it where empty.
        #[serde(default)]
        kinds: Vec<GuardKind>,
        /// What to do where some is found.
        action: OutputAction,
    },
    /// Ask one of these roles.
    ApproveBy {
        /// Role names.
        roles: Vec<String>,
    },
}

impl Obligation {
    /// What is wrong with it, where it cannot be done as it stands: a field that is named wrongly would be shown.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let pointer = |pointer: &String| {
            let wrong = !pointer.is_empty() && !pointer.starts_with('/');
            wrong.then(|| format!("{pointer:?} is no JSON pointer; write {:?}", format!("/{pointer}")))
        };
        match self {
            Self::MaskFields { pointers } => pointers.iter().find_map(pointer),
            Self::FilterRows { values, attribute: None, .. } if values.is_empty() => {
                Some("filter_rows keeps no row: name values, or an attribute".to_owned())
            }
            Self::FilterRows { rows, field, .. } => pointer(rows).or_else(|| pointer(field)),
            _ => None,
        }
    }
}

/// What a guard looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GuardKind {
    /// Instructions to a model, hidden in data.
    Injection,
    /// Keys, tokens and passwords.
    Secret,
    /// What names or identifies a person: addresses, numbers of accounts and cards.
    Pii,
}

words!(GuardKind { Injection = "injection", Secret = "secret", Pii = "pii" });

/// What is done with a result that holds instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InjectionAction {
    /// The model gets it between marks that say that it is data; people see what was found.
    Flag,
    /// The model does not get it.
    Withhold,
}

/// What is done with text that holds secrets or personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OutputAction {
    /// People see what was found; the text stays.
    Flag,
    /// What was found is replaced.
    Mask,
}

/// Something that a guard found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GuardFinding {
    /// What it looked for.
    pub kind: GuardKind,
    /// The guard's rule that matched, such as `ignore-previous`.
    pub rule: String,
    /// What matched, shortened; of secrets and personal data only their first characters.
    pub excerpt: String,
    /// How often.
    pub count: usize,
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
