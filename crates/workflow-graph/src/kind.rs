//! The kinds of nodes: one file each, one list.
//!
//! A new kind is a file that is a copy of its neighbour's shape and a line in the list below; the designer's name,
//! icon and colour stand in `canvas.rs`.

mod about;
mod agent;
mod code;
mod condition;
mod database;
mod end;
mod http;
mod human;
mod integration;
mod join;
mod r#loop;
mod map;
mod parallel;
mod review;
mod start;
mod subworkflow;
mod tool;
mod transform;
mod wait;

use serde::Serialize;
use serde_json::Value;

use crate::{
    Node,
    fields::Fields,
    graph::OUT,
    problem::{self, Problem, escape},
    word::words,
};

pub(crate) use about::About;
pub use agent::{Agent, Model};
pub use code::{Code, Language};
pub use condition::{Case, Condition};
pub use database::{Action, Database, DatabaseType};
pub use end::End;
pub use http::{Auth, AuthType, Http, Method};
pub use human::{Human, Priority};
pub use integration::Integration;
pub use join::{Join, JoinMode};
pub use r#loop::Loop;
pub use map::Map;
pub use parallel::Parallel;
pub use review::Review;
pub use start::Start;
pub use subworkflow::Subworkflow;
pub use tool::{ConnectorKind, Tool};
pub use transform::Transform;
pub use wait::Wait;

/// What every kind's settings can do.
pub(crate) trait Settings: Sized {
    /// Reads the settings; the caller notes what is left over.
    fn read(fields: &mut Fields<'_>) -> Self;

    /// Hands out every text in which expressions are evaluated.
    fn texts<'a>(&'a self, _texts: &mut Texts<'a>) {}

    /// The ports that edges may leave by.
    fn ports(&self) -> Vec<String> {
        vec![OUT.to_owned()]
    }

    /// Looks for what a single node can tell to be wrong.
    fn check(&self, _node: &Node, _found: &mut Found<'_>) {}

    /// What people and machines are told of the kind.
    fn about() -> About;
}

macro_rules! kinds {
    ($($name:ident($settings:ty) => $word:literal $doc:literal,)*) => {
        words! {
            /// What a node does.
            Kind { $($name => $word $doc,)* }
        }

        /// What a node does, and how.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "kind", content = "config", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Config {
            $(#[doc = $doc] $name($settings),)*
        }

        impl Kind {
            /// What people and machines are told of it.
            pub(crate) fn about(self) -> About {
                match self {
                    $(Self::$name => <$settings>::about(),)*
                }
            }
        }

        impl Config {
            /// The kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$name(_) => Kind::$name,)*
                }
            }

            /// Whether the node has a body that runs round by round, or item by item.
            #[must_use]
            pub const fn has_body(&self) -> bool {
                matches!(self, Self::Loop(_) | Self::Map(_))
            }

            /// Reads the settings of a kind.
            pub(crate) fn read(kind: Kind, fields: &mut Fields<'_>) -> Self {
                match kind {
                    $(Kind::$name => Self::$name(<$settings>::read(fields)),)*
                }
            }

            /// The ports that edges may leave by, `error` apart.
            pub(crate) fn ports(&self) -> Vec<String> {
                match self {
                    $(Self::$name(settings) => settings.ports(),)*
                }
            }

            pub(crate) fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
                match self {
                    $(Self::$name(settings) => settings.texts(texts),)*
                }
            }

            pub(crate) fn check(&self, node: &Node, found: &mut Found<'_>) {
                match self {
                    $(Self::$name(settings) => settings.check(node, found),)*
                }
            }
        }

        $(impl From<$settings> for Config {
            fn from(settings: $settings) -> Self {
                Self::$name(settings)
            }
        })*
    };
}

kinds! {
    Transform(Transform) => "transform" "Its output is its inputs, evaluated.",
    Start(Start) => "start" "Where the workflow begins.",
    End(End) => "end" "Where the workflow ends.",
    Agent(Agent) => "agent" "An agent answers.",
    Tool(Tool) => "tool" "A tool of a server is called.",
    Http(Http) => "http" "An address is requested.",
    Database(Database) => "database" "A data source is read or changed.",
    Code(Code) => "code" "A program runs in the sandbox.",
    Condition(Condition) => "condition" "The first case that holds is followed.",
    Parallel(Parallel) => "parallel" "All ways out are followed at once, some at a time.",
    Map(Map) => "map" "The body runs once for each item of a list.",
    Join(Join) => "join" "Waits for the ways that lead to it.",
    Loop(Loop) => "loop" "The body runs until a condition holds.",
    Subworkflow(Subworkflow) => "subworkflow" "Another workflow runs.",
    Review(Review) => "review" "A model looks at the work and says how sure it is of it.",
    Human(Human) => "human" "A person decides.",
    Integration(Integration) => "integration" "An operation of a provider such as Slack, e-mail or Shopify.",
    Wait(Wait) => "wait" "Time passes, or an event arrives.",
}

impl Default for Config {
    fn default() -> Self {
        Self::Transform(Transform::default())
    }
}

/// How a text of a node is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// With expressions in braces, replaced by their values.
    Template,
    /// As one expression of any type.
    Expression,
    /// As one expression that is true or false.
    Condition,
}

/// A text of a node in which expressions are evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// A JSON pointer from the node, in the stored form.
    pub pointer: String,
    /// The text.
    pub text: &'a str,
    /// How it is read.
    pub role: Role,
}

impl Text<'_> {
    /// Whether anything in it is evaluated.
    pub(crate) fn holds_expressions(&self) -> bool {
        self.role != Role::Template || self.text.contains("{{") || self.text.contains("${")
    }
}

/// Collects the texts of a node.
#[derive(Default)]
pub(crate) struct Texts<'a>(Vec<Text<'a>>);

impl<'a> Texts<'a> {
    pub(crate) fn push(&mut self, pointer: impl Into<String>, role: Role, text: &'a str) {
        self.0.push(Text { pointer: pointer.into(), text, role });
    }

    /// A text of the settings that is a template.
    pub(crate) fn template(&mut self, field: &str, text: impl Into<Option<&'a String>>) {
        if let Some(text) = text.into() {
            self.push(format!("/config/{field}"), Role::Template, text);
        }
    }

    /// Every text at any depth of a value.
    pub(crate) fn value(&mut self, pointer: &str, value: &'a Value) {
        match value {
            Value::String(text) => self.push(pointer, Role::Template, text),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(&format!("{pointer}/{index}"), item);
                }
            }
            Value::Object(fields) => self.object(pointer, fields),
            _ => {}
        }
    }

    /// Every text at any depth of an object.
    pub(crate) fn object(&mut self, pointer: &str, fields: &'a serde_json::Map<String, Value>) {
        for (key, field) in fields {
            self.value(&format!("{pointer}/{}", escape(key)), field);
        }
    }
}

impl Node {
    /// Every text in which expressions are evaluated, guard and inputs included.
    #[must_use]
    pub fn texts(&self) -> Vec<Text<'_>> {
        let mut texts = Texts::default();
        if let Some(guard) = &self.guard {
            texts.push("/guard", Role::Condition, guard);
        }
        texts.object("/inputs", &self.inputs);
        self.config.texts(&mut texts);
        texts.0
    }
}

/// Collects what is wrong with a node.
pub(crate) struct Found<'a> {
    pub(crate) node: &'a str,
    pub(crate) pointer: String,
    pub(crate) problems: &'a mut Vec<Problem>,
}

impl Found<'_> {
    /// An error in a field, by its pointer from the node.
    pub(crate) fn error(&mut self, field: &str, code: problem::Code, message: impl Into<String>) {
        let problem = Problem::error(code, format!("{}{field}", self.pointer), message);
        self.problems.push(problem.about(self.node));
    }

    /// A warning about a field, by its pointer from the node.
    pub(crate) fn warning(&mut self, field: &str, code: problem::Code, message: impl Into<String>) {
        let problem = Problem::warning(code, format!("{}{field}", self.pointer), message);
        self.problems.push(problem.about(self.node));
    }

    /// An error where a required field is absent.
    pub(crate) fn require(&mut self, field: &str, present: bool) {
        if !present {
            let name = field.rsplit('/').next().unwrap_or(field);
            self.error(field, problem::Code::MissingField, format!("{name} is required"));
        }
    }
}
