//! What starts a workflow, beside a call of the API.

use serde::Serialize;

use crate::fields::Fields;

/// The longest name of an event, in characters.
pub const EVENT_NAME: usize = 100;

/// Whether this can be the name of an event that starts workflows, the same for triggers and for whoever tells it: 1 to 100
/// letters, digits, `.`, `_`, `-` and `:` of ASCII.
#[must_use]
pub fn is_event_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
    (1..=EVENT_NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// One thing that starts a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Trigger {
    /// A person, by hand.
    Manual,
    /// A call of the API.
    Api,
    /// A conversation's agent.
    Chat,
    /// A mail that arrives.
    Email,
    /// A request to the workflow's own address.
    Webhook,
    /// A time table.
    Schedule {
        /// When, in the five fields of cron.
        cron: String,
        /// The time zone in which that is meant; UTC where it is absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        time_zone: Option<String>,
    },
    /// An event of this name.
    Event {
        /// The name.
        name: String,
    },
}

impl Trigger {
    /// The words of the triggers that need nothing more said.
    const PLAIN: [(&'static str, Self); 5] = [
        ("manual", Self::Manual),
        ("api", Self::Api),
        ("chat", Self::Chat),
        ("email", Self::Email),
        ("webhook", Self::Webhook),
    ];

    /// The word of a trigger that needs nothing more said.
    pub(crate) fn plain_word(&self) -> Option<&'static str> {
        Self::PLAIN.iter().find(|(_, trigger)| trigger == self).map(|(word, _)| *word)
    }

    /// Reads the word under `key` and what belongs to it.
    pub(crate) fn read(fields: &mut Fields<'_>, key: &'static str) -> Option<Self> {
        let word = fields.required_text(key);
        let plain = Self::PLAIN.into_iter().find(|(plain, _)| *plain == word).map(|(_, trigger)| trigger);
        match word.as_str() {
            "schedule" => Some(Self::Schedule {
                cron: fields.required_text("cron"),
                time_zone: fields.text("time_zone"),
            }),
            "event" => Some(Self::Event { name: fields.required_text("name") }),
            "" => None,
            _ => {
                if plain.is_none() {
                    let known = Self::PLAIN.map(|(word, _)| word);
                    let known = known.into_iter().chain(["schedule", "event"]);
                    fields.refuse_word(key, &word, known);
                }
                plain
            }
        }
    }
}
