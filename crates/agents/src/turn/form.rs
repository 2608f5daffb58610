//! Answers in a form: a run that was asked for JSON of a schema gives that, or fails and says so.
//!
//! The model is told the schema, its answer is held against it, and it may mend the answer once.

use conductor_domain::{ProblemView, Run};
use conductor_runs::{Schema, problem};
use serde_json::{Value, json};

use super::state::{Round, TurnState};

/// How often the model may answer.
const ANSWERS: usize = 2;

/// What an answer has to fit.
pub(crate) struct Form {
    schema: Value,
}

/// How an answer stands to its form.
pub(crate) enum Formed {
    /// It fits.
    Fine,
    /// It does not, and the model is to mend it.
    Again,
    /// It does not.
    Invalid(ProblemView),
}

impl Form {
    /// The form that a run was asked for.
    pub(crate) fn of(run: &Run) -> Option<Self> {
        let schema = run.input.as_ref()?.get("output_schema").filter(|schema| !schema.is_null())?;
        Some(Self { schema: schema.clone() })
    }

    /// What the model is told before it answers.
    pub(crate) fn demand(&self) -> String {
        format!(
            "Your final answer is read by a program. Give one JSON value that fits this JSON Schema, without a code \
             fence and without a word before or after it:\n{}",
            self.schema
        )
    }

    /// How the last answer stands.
    pub(crate) fn of_answers(&self, answers: usize, last: &str) -> Formed {
        match self.read(last) {
            Ok(_) => Formed::Fine,
            Err(_) if answers < ANSWERS => Formed::Again,
            Err(why) => Formed::Invalid(problem(
                "output_invalid",
                "The answer does not fit its schema",
                format!(
                    "The model was asked for JSON that fits a schema, and did not give it in {ANSWERS} answers: {why}"
                ),
                true,
            )),
        }
    }

    /// How a turn's last answer stands.
    pub(crate) fn judge(&self, state: &TurnState) -> Formed {
        let last = state.answers().next_back().map_or("", |round| round.text.as_str());
        self.of_answers(state.answers().count(), last)
    }

    /// What the model is told after an answer that does not fit.
    pub(crate) fn repair(&self, round: &Round) -> Option<String> {
        let why = round.is_answer().then(|| self.read(&round.text).err()).flatten()?;
        Some(format!(
            "That is not JSON that fits the schema: {why}\nGive the whole answer again, as one JSON value that fits it."
        ))
    }

    /// What the run gives: the value, and the same as text.
    pub(crate) fn output(&self, state: &TurnState) -> Option<Value> {
        let value = self.read(&state.answers().next_back()?.text).ok()?;
        Some(json!({ "text": value.to_string(), "data": value }))
    }

    /// The value of an answer. Models like to put a fence around it whatever they are told.
    fn read(&self, answer: &str) -> Result<Value, String> {
        let value: Value = serde_json::from_str(unfenced(answer)).map_err(|error| error.to_string())?;
        Schema::read(&self.schema)?.fits(&value)?;
        Ok(value)
    }
}

fn unfenced(answer: &str) -> &str {
    let answer = answer.trim();
    let inner = answer.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let Some((language, body)) = inner.and_then(|inner| inner.split_once('\n')) else { return answer };
    if language.trim().is_empty() || language.trim().eq_ignore_ascii_case("json") {
        body.trim()
    } else {
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form {
            schema: json!({ "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } }),
        }
    }

    #[test]
    fn a_fence_around_the_value_does_no_harm() {
        for answer in ["{\"n\": 1}", "\n\n {\"n\":1} ", "```json\n{\"n\": 1}\n```", "```\n{\"n\":1}\n```"] {
            assert_eq!(form().read(answer), Ok(json!({ "n": 1 })), "{answer}");
        }
    }

    #[test]
    fn an_answer_is_mended_once() {
        assert!(matches!(form().of_answers(1, "{\"n\": 1}"), Formed::Fine));
        assert!(matches!(form().of_answers(1, "one"), Formed::Again));
        assert!(matches!(form().of_answers(1, "{\"n\": \"one\"}"), Formed::Again));
        let Formed::Invalid(problem) = form().of_answers(2, "{}") else { panic!("it was let through") };
        assert_eq!(problem.code, "output_invalid");
        assert!(problem.detail.contains("\"n\""), "{}", problem.detail);
    }
}
