//! One line per event: time, level, target, message, the event's fields and those of the spans around it, masked.
//!
//! Fields of spans (`request.id`, `run.id`, `organization.id`) stand beside those of the event, so that one filter on
//! an id finds everything that happened under it.

use std::{fmt, io::Write, sync::Arc};

use chrono::SecondsFormat;
use conductor_domain::Clock;
use serde_json::{Map, Value};
use tracing::{
    Event, Id, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
};
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::Context, registry::LookupSpan};

use crate::{
    Format,
    redact::{MASK, is_sensitive_name, redact},
};

/// Writes events as lines.
pub(crate) struct Log<W> {
    format: Format,
    clock: Arc<dyn Clock>,
    writer: W,
}

impl<W> Log<W> {
    pub(crate) fn new(format: Format, clock: Arc<dyn Clock>, writer: W) -> Self {
        Self { format, clock, writer }
    }
}

/// Fields of a span or an event as they came. They are masked when a line is written: most spans never see one.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        match self.0.iter_mut().find(|(name, _)| *name == field.name()) {
            Some((_, known)) => *known = value.into(),
            None => self.0.push((field.name(), value.into())),
        }
    }

    /// Adds them to a line, masked; a name that is there already gets the newer value.
    fn write(&self, line: &mut Map<String, Value>) {
        for (name, value) in &self.0 {
            let clean = match value {
                _ if is_sensitive_name(name) => Value::from(MASK),
                Value::String(text) => redact(text).into_owned().into(),
                other => other.clone(),
            };
            line.insert((*name).to_owned(), clean);
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        // The whole chain, once: `Display` of our errors never repeats the source.
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        self.put(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

impl<S, W> Layer<S> for Log<W>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        // Outermost first: the innermost span has the last word, and the event above all.
        let mut fields = Map::new();
        let mut span_name = None;
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                of_span.write(&mut fields);
            }
            span_name = Some(span.name());
        }
        own.write(&mut fields);
        let message = fields.shift_remove("message");

        let metadata = event.metadata();
        let at = self.clock.now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let mut line = match self.format {
            Format::Json => {
                let mut object = Map::new();
                object.insert("timestamp".to_owned(), at.into());
                object.insert("level".to_owned(), metadata.level().as_str().into());
                object.insert("target".to_owned(), metadata.target().into());
                object.insert("message".to_owned(), message.unwrap_or_else(|| "".into()));
                if let Some(name) = span_name {
                    object.insert("span".to_owned(), name.into());
                }
                for (name, value) in fields {
                    // A field never takes the place of what a reader relies on.
                    let name = if object.contains_key(&name) { format!("field.{name}") } else { name };
                    object.insert(name, value);
                }
                Value::Object(object).to_string()
            }
            Format::Pretty => pretty(&at, metadata, message.as_ref(), span_name, &fields),
        };
        line.push('\n');
        // A log that cannot be written has nowhere to say so.
        let _ = self.writer.make_writer_for(metadata).write_all(line.as_bytes());
    }
}

fn pretty(
    at: &str,
    metadata: &tracing::Metadata<'_>,
    message: Option<&Value>,
    span: Option<&str>,
    fields: &Map<String, Value>,
) -> String {
    let mut line = format!("{at} {:>5} {}", metadata.level().as_str(), metadata.target());
    if let Some(span) = span {
        line.push_str(&format!(" [{span}]"));
    }
    line.push_str(&format!(": {}", message.and_then(Value::as_str).unwrap_or_default().escape_debug()));
    for (name, value) in fields {
        line.push_str(&match value {
            // Quoted and escaped, so that no value forges a line or moves a terminal's cursor.
            Value::String(text) => format!(" {name}={text:?}"),
            other => format!(" {name}={other}"),
        });
    }
    line
}
