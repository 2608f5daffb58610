//! Review: an agent looks at the work and says how sure it is of it.

use conductor_workflow_graph::{FAIL, OUT, kind::Review};
use serde_json::{Value, json};

use super::{Act, Begin, Made, Result, Sent, Wanted, faulty, invalid};

/// How sure a review has to be that says nothing of it.
const SURE: f64 = 0.9;

pub(super) fn begin(begin: &Begin<'_>, review: &Review) -> Result<Act> {
    let prompt = review.prompt.as_deref().unwrap_or_default();
    let prompt = begin.view.text(prompt).map_err(|error| faulty("/config/prompt", &error))?;
    let input = format!(
        "Look at the work below and say how sure you are that it fulfils this, and what is missing:\n\n{prompt}"
    );
    let arguments = json!({
        "input": input,
        "context": { "work": begin.arrived() },
        "output_schema": {
            "type": "object",
            "required": ["confidence", "remarks"],
            "properties": {
                "confidence": {
                    "type": "number", "minimum": 0, "maximum": 1,
                    "description": "0: it certainly does not; 1: it certainly does.",
                },
                "remarks": { "type": "string", "description": "What has to change." },
            },
        },
    });
    Ok(Act::Call(Wanted { tool: begin.agent_or_default()?, arguments, agent_id: None }))
}

pub(super) fn made(begin: &Begin<'_>, review: &Review, made: &Made) -> Result<Sent> {
    let said = made.json();
    let confidence = said.get("confidence").and_then(Value::as_f64);
    let confidence = confidence.ok_or_else(|| invalid("/config", "the review said no confidence"))?;
    let remarks = said.get("remarks").and_then(Value::as_str).unwrap_or_default().to_owned();
    let least = review.min_confidence.unwrap_or(SURE);
    let passed = confidence >= least;
    let output = json!({ "passed": passed, "confidence": confidence, "remarks": remarks });
    if passed {
        return Ok(Sent::On { output, port: OUT.to_owned() });
    }
    let detail = format!("The review is {confidence} sure of the work, and {least} is asked for: {remarks}");
    let most = review.max_rounds.unwrap_or(1);
    if begin.leads(FAIL) && !(begin.leads_back(FAIL) && begin.returns() >= most.max(1)) {
        return Ok(Sent::On { output, port: FAIL.to_owned() });
    }
    if begin.leads(FAIL) {
        return Ok(Sent::Failed { code: "review_failed", detail });
    }
    Ok(Sent::Back { output, port: FAIL.to_owned(), most, code: "review_failed", detail })
}
