//! Reads an object field by field and notes everything that is wrong with it, instead of stopping at the first.

use std::cell::RefCell;

use serde_json::{Map, Value};

use crate::{
    expression::eval::describe,
    problem::{Code, MOST, Problem, escape, suggestion},
    word::Word,
};

/// Collects problems.
#[derive(Debug, Default)]
pub(crate) struct Sink(RefCell<Vec<Problem>>);

impl Sink {
    pub(crate) fn push(&self, problem: Problem) {
        if !self.is_full() {
            self.0.borrow_mut().push(problem);
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.0.borrow().len() >= MOST
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// An object of a document, where it stands, and which of its fields were read.
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    pub(crate) pointer: String,
    pub(crate) node: Option<String>,
    pub(crate) sink: &'a Sink,
    known: Vec<&'static str>,
    open: bool,
}

impl<'a> Fields<'a> {
    /// The object at `pointer`, or nothing and a problem.
    pub(crate) fn of(
        value: &'a Value,
        pointer: String,
        node: Option<String>,
        sink: &'a Sink,
    ) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self { map, pointer, node, sink, known: Vec::new(), open: false }),
            other => {
                let message = format!("expected an object, found {}", describe(other));
                let problem = Problem::error(Code::WrongType, pointer, message);
                sink.push(Problem { node, ..problem });
                None
            }
        }
    }

    /// Where a field stands.
    pub(crate) fn at(&self, key: &str) -> String {
        format!("{}/{}", self.pointer, escape(key))
    }

    /// Notes an error of a field.
    pub(crate) fn refuse(&self, key: &str, code: Code, message: impl Into<String>) {
        let problem = Problem::error(code, self.at(key), message);
        self.sink.push(Problem { node: self.node.clone(), ..problem });
    }

    /// Notes that a field holds none of the known words.
    pub(crate) fn refuse_word<'k>(&self, key: &str, word: &str, known: impl Iterator<Item = &'k str>) {
        let known: Vec<_> = known.collect();
        let near = suggestion(word, known.iter().copied());
        let message = format!("{word:?} is none of {}{near}", known.join(", "));
        self.refuse(key, Code::InvalidValue, message);
    }

    fn wrong(&self, key: &str, expected: &str, found: &Value) {
        let message = format!("{key} takes {expected}, found {}", describe(found));
        self.refuse(key, Code::WrongType, message);
    }

    /// The field as it is; null counts as absent.
    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Whether the field is there, whatever it holds.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    fn take<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let taken = read(value);
        if taken.is_none() {
            self.wrong(key, expected, value);
        }
        taken
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        self.take(key, "a text", Value::as_str).map(str::to_owned)
    }

    /// A text that has to be there; empty, with a problem, where it is not.
    pub(crate) fn required_text(&mut self, key: &'static str) -> String {
        let absent = !self.has(key);
        let text = self.text(key).unwrap_or_default();
        if absent || (text.is_empty() && self.map.get(key).is_some_and(Value::is_string)) {
            self.refuse(key, Code::MissingField, format!("{key} is required"));
        }
        text
    }

    pub(crate) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        self.take(key, "true or false", Value::as_bool)
    }

    pub(crate) fn number(&mut self, key: &'static str) -> Option<f64> {
        self.take(key, "a number", Value::as_f64)
    }

    /// A whole number that fits into `T`. `300.0` is one.
    pub(crate) fn whole<T: TryFrom<i128>>(&mut self, key: &'static str) -> Option<T> {
        self.take(key, "a whole number within its range", |value| {
            whole(value).and_then(|whole| T::try_from(whole).ok())
        })
    }

    pub(crate) fn object(&mut self, key: &'static str) -> Option<Map<String, Value>> {
        self.take(key, "an object", Value::as_object).cloned()
    }

    pub(crate) fn list(&mut self, key: &'static str) -> Option<&'a Vec<Value>> {
        self.take(key, "a list", Value::as_array)
    }

    /// A list of texts, or one text.
    pub(crate) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        match self.value(key)? {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(items) => {
                let texts: Vec<_> = items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                for (index, item) in items.iter().enumerate().filter(|(_, item)| !item.is_string()) {
                    let message = format!("expected a text, found {}", describe(item));
                    let problem =
                        Problem::error(Code::WrongType, format!("{}/{index}", self.at(key)), message);
                    self.sink.push(Problem { node: self.node.clone(), ..problem });
                }
                Some(texts)
            }
            other => {
                self.wrong(key, "a list of texts", other);
                None
            }
        }
    }

    /// One of the words of an enumeration.
    pub(crate) fn word<T: Word>(&mut self, key: &'static str) -> Option<T> {
        let word = self.text(key)?;
        let found = T::WORDS.iter().copied().find(|one| one.word() == word);
        if found.is_none() {
            self.refuse_word(key, &word, T::WORDS.iter().map(|one| one.word()));
        }
        found
    }

    /// One of the words of an enumeration, which has to be there.
    pub(crate) fn required_word<T: Word + Default>(&mut self, key: &'static str) -> T {
        if !self.has(key) {
            self.refuse(key, Code::MissingField, format!("{key} is required"));
        }
        self.word(key).unwrap_or_default()
    }

    /// The object in a field.
    pub(crate) fn fields(&mut self, key: &'static str) -> Option<Fields<'a>> {
        let value = self.value(key)?;
        Fields::of(value, self.at(key), self.node.clone(), self.sink)
    }

    /// The object in a field, or `nothing`, an empty one, where the field is absent.
    pub(crate) fn fields_or<'b>(&mut self, key: &'static str, nothing: &'b Value) -> Option<Fields<'b>>
    where
        'a: 'b,
    {
        if self.has(key) {
            return self.fields(key);
        }
        self.known.push(key);
        Fields::of(nothing, self.at(key), self.node.clone(), self.sink)
    }

    /// The objects in a list.
    pub(crate) fn each(&mut self, key: &'static str) -> Vec<Fields<'a>> {
        let items = self.list(key).map(Vec::as_slice).unwrap_or_default().iter().enumerate();
        let at = self.at(key);
        let objects = items.filter_map(|(index, item)| {
            Fields::of(item, format!("{at}/{index}"), self.node.clone(), self.sink)
        });
        objects.collect()
    }

    /// Every field that was not read yet; none of them is unknown.
    pub(crate) fn rest(&mut self) -> Map<String, Value> {
        self.open = true;
        let rest = self.map.iter().filter(|(key, _)| !self.known.contains(&key.as_str()));
        rest.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// As [`Self::each`], but at most `limit` of them.
    pub(crate) fn each_within(&mut self, key: &'static str, limit: usize) -> Vec<Fields<'a>> {
        let mut each = self.each(key);
        self.check_count(key, each.len(), limit);
        each.truncate(limit);
        each
    }

    /// As [`Self::texts`], but at most `limit` of them.
    pub(crate) fn texts_within(&mut self, key: &'static str, limit: usize) -> Option<Vec<String>> {
        let mut texts = self.texts(key)?;
        self.check_count(key, texts.len(), limit);
        texts.truncate(limit);
        Some(texts)
    }

    /// Notes where a list is longer than it may be.
    pub(crate) fn check_count(&self, key: &str, count: usize, limit: usize) {
        if count > limit {
            self.refuse(key, Code::TooLarge, format!("there are {count} {key}, more than {limit}"));
        }
    }

    /// The fields that were asked for.
    #[cfg(test)]
    pub(crate) fn known(&self) -> &[&'static str] {
        &self.known
    }

    /// Marks a field as known without reading it.
    pub(crate) fn ignore(&mut self, key: &'static str) {
        self.known.push(key);
    }

    /// Notes every field that nobody asked for.
    pub(crate) fn finish(self) {
        if self.open {
            return;
        }
        for key in self.map.keys().filter(|key| !self.known.contains(&key.as_str())) {
            if self.sink.is_full() {
                return;
            }
            let near = suggestion(key, self.known.iter().copied());
            let message = format!("there is no field {key:?} here{near}");
            self.refuse(key, Code::UnknownField, message);
        }
    }
}

fn whole(value: &Value) -> Option<i128> {
    // Above this, not every whole number is one of floating point.
    let exact = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i128);
    let written = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    written.or_else(|| value.as_f64().and_then(exact))
}
