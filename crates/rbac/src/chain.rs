//! Several decisions as one: a call is allowed when everyone in its chain is.

use conductor_domain::{Decision, Effect, TraceStep};

/// The strictest of the chain (user ∩ agent ∩ environment ∩ connector): deny before approve before allow, the first
/// of equals; obligations of all, traces of all in order. An empty chain denies.
#[must_use]
pub fn chain(decisions: impl IntoIterator<Item = Decision>) -> Decision {
    let mut all = decisions.into_iter();
    let Some(mut whole) = all.next() else {
        return Decision {
            effect: Effect::Deny,
            rule: "chain/empty".to_owned(),
            obligations: vec![],
            trace: vec![TraceStep { source: "chain".to_owned(), says: "nobody asks".to_owned() }],
        };
    };
    for next in all {
        if next.effect.strictness() > whole.effect.strictness() {
            (whole.effect, whole.rule) = (next.effect, next.rule);
        }
        for obligation in next.obligations {
            if !whole.obligations.contains(&obligation) {
                whole.obligations.push(obligation);
            }
        }
        whole.trace.extend(next.trace);
    }
    whole
}
