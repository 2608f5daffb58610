//! Who answers when a server asks back: questions to the user and requests for a model's words.

use async_trait::async_trait;
use serde_json::Value;

/// A question that a server wants a person to answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Elicitation {
    /// The question.
    pub message: String,
    /// The JSON Schema of the answer, where a form is wanted.
    pub schema: Option<Value>,
    /// The page where the person should act, where the server wants that instead of a form.
    pub url: Option<String>,
}

/// A person's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum ElicitationAnswer {
    /// Answered, with the form's content where there was a form.
    Accept(Option<Value>),
    /// Does not want to say; the server may go on without.
    Decline,
    /// Wants the whole operation to stop.
    Cancel,
}

/// Answers what servers ask of their client.
///
/// Every method has a default that declines, so that a host answers only what it means to.
#[async_trait]
pub trait Host: Send + Sync + 'static {
    /// Whether elicitation is announced to servers. Servers that keep to the protocol ask only then.
    fn elicits(&self) -> bool {
        false
    }

    /// Asks a person.
    async fn elicit(&self, elicitation: Elicitation) -> ElicitationAnswer {
        let _ = elicitation;
        ElicitationAnswer::Decline
    }

    /// Lets a model answer a `sampling/createMessage` request, in that method's own JSON; `None` refuses.
    ///
    /// Sampling is deprecated in the protocol and never announced; old servers ask regardless.
    async fn sample(&self, request: Value) -> Option<Value> {
        let _ = request;
        None
    }
}

/// The host that declines everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Declines;

impl Host for Declines {}
