//! What an expression may name: a root, and the path below it.

use std::fmt;

/// Where a reference begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// The workflow's input: `input.x`, `inputs.x`; `user_input` and `user_query` are its `message`.
    Input,
    /// The output of a step, by its id or else its name: `steps.x.output`, `x.output`.
    Step(String),
    /// Whatever the caller's surroundings say: `context.company.name`.
    Context,
    /// A value of the environment's allow-list: `env.ADMIN_URL`.
    Env,
    /// The user's preferences: `user.preferences.x`, `user_preferences.x`.
    Preferences,
    /// A variable of the workflow: `var.x`.
    Variable,
    /// The current time, in ISO 8601.
    Now,
    /// A bare name: a variable, else an input, else the latest step's output field of that name.
    Name(String),
}

/// One step of the path below a root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A field of an object.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// A root and the path below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Where it begins.
    pub root: Root,
    /// What it reads below that.
    pub path: Vec<Segment>,
}

impl Reference {
    /// The field just below the root, where the path begins with one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self.path.first() {
            Some(Segment::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// Reads the path as written, whose first segment is a name.
    pub(crate) fn read(mut written: Vec<Segment>) -> Result<Self, &'static str> {
        let rest = written.split_off(1);
        let Some(Segment::Key(first)) = written.pop() else { return Err("a reference begins with a name") };
        let second = match rest.first() {
            Some(Segment::Key(key)) => Some(key.as_str()),
            _ => None,
        };
        let (root, path) = match (first.as_str(), second) {
            ("input" | "inputs", _) => (Root::Input, rest),
            ("user_input" | "user_query", _) => {
                let message = Segment::Key("message".to_owned());
                (Root::Input, std::iter::once(message).chain(rest).collect())
            }
            ("step" | "steps", _) => return Self::read_step(rest),
            ("context", _) => (Root::Context, rest),
            ("env", Some(_)) if rest.len() == 1 => (Root::Env, rest),
            ("env", _) => return Err("a value of the environment is read as env.NAME"),
            ("user_preferences", _) => (Root::Preferences, rest),
            ("user", Some("preferences")) => (Root::Preferences, rest.into_iter().skip(1).collect()),
            ("user", _) => return Err("of the user only user.preferences can be read"),
            ("var", Some(_)) => (Root::Variable, rest),
            ("var", _) => return Err("a variable is read as var.name"),
            ("now", None) if rest.is_empty() => (Root::Now, rest),
            ("now", _) => return Err("now is a text and has no fields"),
            (_, Some("output")) => (Root::Step(first), rest.into_iter().skip(1).collect()),
            _ => (Root::Name(first), rest),
        };
        Ok(Self { root, path })
    }

    fn read_step(path: Vec<Segment>) -> Result<Self, &'static str> {
        let mut path = path.into_iter();
        let id = match path.next() {
            Some(Segment::Key(id)) => id,
            Some(Segment::Index(number)) => number.to_string(),
            None => return Err("a step is read as steps.<id>.output"),
        };
        match path.next() {
            Some(Segment::Key(output)) if output == "output" => {
                Ok(Self { root: Root::Step(id), path: path.collect() })
            }
            _ => Err("only a step's output can be read: steps.<id>.output"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.root {
            Root::Input => formatter.write_str(if formatter.alternate() { "inputs" } else { "input" })?,
            Root::Step(id) => {
                formatter.write_str(if formatter.alternate() { "steps" } else { "step" })?;
                write_key(formatter, id)?;
                formatter.write_str(".output")?;
            }
            Root::Context => formatter.write_str("context")?,
            Root::Env => formatter.write_str("env")?,
            Root::Preferences => formatter.write_str("user.preferences")?,
            Root::Variable => formatter.write_str("var")?,
            Root::Now => formatter.write_str("now")?,
            Root::Name(name) => formatter.write_str(name)?,
        }
        for segment in &self.path {
            match segment {
                Segment::Key(key) => write_key(formatter, key)?,
                Segment::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

fn write_key(formatter: &mut fmt::Formatter<'_>, key: &str) -> fmt::Result {
    if is_plain(key) {
        write!(formatter, ".{key}")
    } else {
        write!(formatter, "[{}]", serde_json::Value::from(key))
    }
}

/// Whether a name can stand after a dot without quotes, in every syntax.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}
