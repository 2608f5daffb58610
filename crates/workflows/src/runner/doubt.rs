//! Calls of which nobody knows whether they took effect: a person is asked, and says how the run goes on.

use conductor_domain::{CallId, HumanTask};
use conductor_runs::problem;
use conductor_workflow_graph::OUT;
use serde_json::Value;

use super::{
    kinds::{Made, Question, Sent},
    pass::Pass,
    state::{Place, Standing},
};

/// It took effect; what it gave may be said beside it.
const TOOK_EFFECT: &str = "took_effect";
/// It did not, or may be done once more.
const REPEAT: &str = "repeat";
/// Nobody can say, or it is to end here.
const FAIL: &str = "fail";

impl Pass {
    /// Asks whether a call took effect. Every organisation has somebody who can find out.
    pub(super) fn whether(&self, place: &Place, call_id: CallId, made: &Made) -> Question {
        let node = self.known.plan.node(place.node);
        let name = node.name.as_deref().unwrap_or(&node.id);
        Question {
            about: Some(call_id),
            title: format!("Did “{name}” take effect?"),
            message: format!(
                "{}\n\nLook at the target before you answer. Where it took effect, the comment may say what it gave, \
                 as JSON or as a text: later steps read it. Repeating it makes the call once more.",
                made.text()
            ),
            priority: "high",
            decisions: [TOOK_EFFECT, REPEAT, FAIL].map(str::to_owned).to_vec(),
            assignees: Vec::new(),
            comment_required: false,
            due_at: None,
        }
    }

    /// Goes on as a person has said.
    pub(super) fn settled(&mut self, place: &Place, task: &HumanTask) {
        let Some(Standing::Running { attempt, call_id, .. }) =
            self.known.state.standing(&self.known.plan, place)
        else {
            return;
        };
        let (attempt, call_id) = (*attempt, *call_id);
        let told =
            |detail: &str| problem("outcome_unknown", "Whether it took effect is not known", detail, false);
        match task.decision.as_deref() {
            Some(TOOK_EFFECT) => {
                let said = task.comment.as_deref().map(str::trim).filter(|said| !said.is_empty());
                let output = said.map_or(Value::Null, |said| {
                    serde_json::from_str(said).unwrap_or_else(|_| Value::String(said.to_owned()))
                });
                self.send(place, call_id, Ok(Sent::On { output, port: OUT.to_owned() }));
            }
            Some(REPEAT) => {
                let now = self.now();
                self.again(place, attempt, call_id, now, told("A person has it done once more."));
            }
            _ => {
                let comment = task.comment.as_deref().map(str::trim).filter(|said| !said.is_empty());
                let detail = comment.unwrap_or("A person ended it, for whether it took effect is not known.");
                self.fail(place, attempt, call_id, told(detail));
            }
        }
    }
}
