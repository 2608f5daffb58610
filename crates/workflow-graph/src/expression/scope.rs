//! The values that an expression may read, borrowed from whoever evaluates it.

use serde_json::Value;

use super::reference::{Reference, Root, Segment};

static NULL: Value = Value::Null;

/// What can be read. Whatever was not handed in is null below its root.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    input: &'a Value,
    context: &'a Value,
    env: &'a Value,
    preferences: &'a Value,
    variables: &'a Value,
    now: Value,
    steps: Vec<Step<'a>>,
}

#[derive(Clone, Debug)]
struct Step<'a> {
    id: &'a str,
    name: Option<&'a str>,
    output: &'a Value,
}

impl Default for Scope<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Scope<'a> {
    /// Nothing to read.
    #[must_use]
    pub fn new() -> Self {
        Self {
            input: &NULL,
            context: &NULL,
            env: &NULL,
            preferences: &NULL,
            variables: &NULL,
            now: Value::Null,
            steps: Vec::new(),
        }
    }

    /// With the input of the workflow, an object.
    #[must_use]
    pub fn input(mut self, input: &'a Value) -> Self {
        self.input = input;
        self
    }

    /// With the surroundings, an object.
    #[must_use]
    pub fn context(mut self, context: &'a Value) -> Self {
        self.context = context;
        self
    }

    /// With the allowed values of the environment, an object.
    #[must_use]
    pub fn env(mut self, env: &'a Value) -> Self {
        self.env = env;
        self
    }

    /// With the user's preferences, an object.
    #[must_use]
    pub fn preferences(mut self, preferences: &'a Value) -> Self {
        self.preferences = preferences;
        self
    }

    /// With the workflow's variables, an object.
    #[must_use]
    pub fn variables(mut self, variables: &'a Value) -> Self {
        self.variables = variables;
        self
    }

    /// With the current time, in ISO 8601.
    #[must_use]
    pub fn now(mut self, now: &str) -> Self {
        self.now = Value::from(now);
        self
    }

    /// With the output of a step; call it in the order in which they finished.
    #[must_use]
    pub fn step(mut self, id: &'a str, name: Option<&'a str>, output: &'a Value) -> Self {
        self.steps.push(Step { id, name, output });
        self
    }

    /// With a step that was skipped or has not run: it reads as null.
    #[must_use]
    pub fn skipped(self, id: &'a str, name: Option<&'a str>) -> Self {
        self.step(id, name, &NULL)
    }

    /// The value of a reference: null where its path ends early, an error's words where its root is unknown.
    pub(crate) fn read<'s>(&'s self, reference: &Reference) -> Result<&'s Value, String> {
        let path = &reference.path;
        match &reference.root {
            Root::Input => Ok(below(self.input, path)),
            Root::Context => Ok(below(self.context, path)),
            Root::Preferences => Ok(below(self.preferences, path)),
            Root::Now => Ok(&self.now),
            Root::Step(id) => {
                let step = self.find_step(id).ok_or_else(|| format!("there is no step {id}"))?;
                Ok(below(step.output, path))
            }
            // A missing one would otherwise make an address or a header silently wrong.
            Root::Env => match below(self.env, path) {
                Value::Null => Err(format!("{reference} is not among the allowed values of the environment")),
                value => Ok(value),
            },
            Root::Variable => self
                .variables
                .get(reference.field().unwrap_or_default())
                .map(|value| below(value, path.get(1..).unwrap_or_default()))
                .ok_or_else(|| format!("there is no variable {reference}")),
            Root::Name(name) => self.read_name(name, path).ok_or_else(|| {
                format!("{name} is no variable, no input, and no field of a finished step's output")
            }),
        }
    }

    fn find_step(&self, id: &str) -> Option<&Step<'a>> {
        let latest = || self.steps.iter().rev();
        latest().find(|step| step.id == id).or_else(|| latest().find(|step| step.name == Some(id)))
    }

    fn read_name(&self, name: &str, path: &[Segment]) -> Option<&Value> {
        let found = self.variables.get(name).or_else(|| self.input.get(name));
        let latest = || self.steps.iter().rev().find_map(|step| field_of_output(step.output, name));
        if let Some(value) = found.or_else(latest) {
            return Some(below(value, path));
        }
        match path.split_first() {
            Some((Segment::Key(key), rest)) if key == "result" => {
                self.find_step(name).map(|step| below(step.output, rest))
            }
            _ => None,
        }
    }
}

/// A field of an output, or of the `data` that an API answered, which canvas workflows read by its bare name.
fn field_of_output<'a>(output: &'a Value, name: &str) -> Option<&'a Value> {
    output.get(name).or_else(|| output.get("data").and_then(|data| data.get(name)))
}

fn below<'a>(value: &'a Value, path: &[Segment]) -> &'a Value {
    path.iter().fold(value, |value, segment| {
        let found = match segment {
            Segment::Key(key) => value.get(key),
            Segment::Index(index) => value.get(index),
        };
        found.unwrap_or(&NULL)
    })
}
