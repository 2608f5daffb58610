//! Masks spans on their way to the trace collector, by the rules of the log.

use std::{borrow::Cow, time::Duration};

use opentelemetry::{KeyValue, StringValue, Value, trace::Status};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};

use crate::redact::{MASK, is_sensitive_name, redact};

/// An exporter behind the mask.
#[derive(Debug)]
pub(crate) struct Masked<E>(pub(crate) E);

impl<E: SpanExporter> SpanExporter for Masked<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        for span in &mut batch {
            mask_all(&mut span.attributes);
            for event in &mut span.events.events {
                event.name = Cow::Owned(redact(&event.name).into_owned());
                mask_all(&mut event.attributes);
            }
            if let Status::Error { description } = &mut span.status {
                *description = Cow::Owned(redact(description).into_owned());
            }
        }
        self.0.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn mask_all(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        let sensitive = is_sensitive_name(attribute.key.as_str());
        if let Value::String(text) = &attribute.value {
            let clean = if sensitive { MASK.into() } else { redact(text.as_str()) };
            attribute.value = Value::String(StringValue::from(clean.into_owned()));
        } else if sensitive && matches!(attribute.value, Value::Array(_)) {
            attribute.value = Value::String(MASK.into());
        }
    }
}
