//! Policy rules as storage keeps them, and as the index holds them.

use conductor_domain::{Effect, Obligation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Action, Error, Request,
    action::covers,
    binding::{Binding, Bindings},
    condition::{self, Condition, Unknown},
    target::Pattern,
};

/// The priority at which a tool's own `approval: ask` stands. A rule that allows the same call at a higher priority
/// lifts the question (that is what "allow always" writes); one at this priority or below does not.
pub const TOOL_ASKS_PRIORITY: i32 = 50;

/// One rule of a policy with the bindings of its policy, in the words of storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyRow {
    /// The rule's id, as decisions name it.
    pub id: String,
    /// The name of its policy, as sentences call it; they call the rule by its id where there is none.
    #[serde(default)]
    pub policy: Option<String>,
    /// `tool.invoke`, `agent.*` or `*`.
    pub action: String,
    /// `tool:pdf/read`, `tool:pdf/*` or `*`.
    pub target: String,
    /// `allow`, `deny` or `approve`.
    pub effect: String,
    /// An object of which every key must hold; the README lists them.
    #[serde(default)]
    pub conditions: Value,
    /// What must be done when this rule lets a request pass.
    #[serde(default)]
    pub obligations: Vec<Obligation>,
    /// Where it applies.
    pub bindings: Vec<Binding>,
}

impl PolicyRow {
    /// Checks a rule before it is stored.
    ///
    /// # Errors
    /// `UnreadablePolicy`, saying what to change.
    pub fn check(&self) -> Result<(), Error> {
        match Rule::compile(self).unreadable {
            None => Ok(()),
            Some(why) => Err(Error::UnreadablePolicy { rule: self.id.clone(), why }),
        }
    }
}

/// A compiled rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) actions: Vec<Action>,
    pub(crate) pattern: Pattern,
    pub(crate) effect: Effect,
    pub(crate) obligations: Vec<Obligation>,
    pub(crate) unreadable: Option<String>,
    conditions: Vec<Condition>,
    pub(crate) bindings: Bindings,
}

impl Rule {
    /// Compiles a row. What cannot be read is widened to all that it may have meant and makes the rule deny there.
    pub(crate) fn compile(row: &PolicyRow) -> Self {
        let mut faults = Vec::new();
        let mut actions: Vec<Action> =
            Action::ALL.iter().copied().filter(|it| covers(&row.action, *it)).collect();
        if actions.is_empty() {
            faults.push(format!("there is no action {:?}", row.action));
            let noun = row.action.split('.').next().unwrap_or_default();
            actions = Action::ALL.iter().copied().filter(|it| it.kind().as_str() == noun).collect();
            if actions.is_empty() {
                actions = Action::ALL.to_vec();
            }
        }
        let (pattern, read) = Pattern::parse(&row.target);
        faults.extend(read.err());
        let effect = row.effect.parse().unwrap_or_else(|_| {
            faults.push(format!("there is no effect {:?}; write allow, deny or approve", row.effect));
            Effect::Deny
        });
        let conditions = condition::read(&row.conditions).unwrap_or_else(|why| {
            faults.push(why);
            vec![]
        });
        let bindings = Bindings::read(&row.bindings, &mut faults);
        faults.extend(row.obligations.iter().filter_map(|obligation| obligation.fault()));
        let unreadable = (!faults.is_empty()).then(|| faults.join("; "));
        let id = row.id.clone();
        let title = row.policy.as_ref().map_or_else(|| id.clone(), |policy| format!("the policy {policy:?}"));
        Self {
            id,
            title,
            actions,
            pattern,
            effect,
            obligations: row.obligations.clone(),
            unreadable,
            conditions,
            bindings,
        }
    }

    /// The priority at which the rule applies to a request whose action and target it covers; `None` where it is not
    /// bound or a condition does not hold.
    pub(crate) fn applies(&self, request: &Request<'_>) -> Result<Option<i32>, Unknown> {
        let Some(priority) = self.bindings.priority(request) else { return Ok(None) };
        if self.unreadable.is_some() {
            return Err(Unknown);
        }
        // A condition that fails settles it, whatever another one would need to know.
        let mut unknown = false;
        for condition in &self.conditions {
            match condition.holds(request) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(Unknown) => unknown = true,
            }
        }
        if unknown { Err(Unknown) } else { Ok(Some(priority)) }
    }
}
