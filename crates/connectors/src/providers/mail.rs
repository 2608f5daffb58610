//! Mail, handed to the operator's server by SMTP (RFC 5321); texts are given, or made from the operator's templates.

use std::{path::PathBuf, str::FromStr, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::{Operation, Said, Settings, Task, text};
use crate::{Error, Failure, Gate, Result, error::chain};

/// `EMAIL_SMTP_HOST`, `_PORT`, `_USER`, `_PASS`, `_FROM`, and `_TLS`: `starttls`, `tls` or `none`.
pub(super) const PREFIX: &str = "EMAIL_SMTP";
/// Whom one mail may go to at once.
const MOST: usize = 100;

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    provider: "email",
    name: "send",
    description: "Sends a mail: a text that is given, or one of the operator's templates.",
    read_only: false,
    fields: || {
        let addresses = json!({
            "oneOf": [{ "type": "string" }, { "type": "array", "maxItems": MOST, "items": { "type": "string" } }],
        });
        json!({
            "type": "object", "additionalProperties": false, "required": ["to", "subject"],
            "properties": {
                "to": addresses, "cc": addresses, "reply_to": { "type": "string" },
                "subject": { "type": "string", "maxLength": 998 },
                "body": { "type": "string", "maxLength": 1_000_000 },
                "template": { "type": "string", "description": "The name of a template on the server." },
                "data": { "type": "object", "description": "What the template reads." },
            },
            "anyOf": [{ "required": ["body"] }, { "required": ["template"] }],
        })
    },
}];

/// The texts of mails, and the way to the servers that take them.
#[derive(Debug)]
pub(super) struct Mails {
    templates: Option<PathBuf>,
}

/// A text, and the same as a page where there is one.
struct Body {
    text: Option<String>,
    html: Option<String>,
}

impl Mails {
    pub(super) const fn new(templates: Option<PathBuf>) -> Self {
        Self { templates }
    }

    pub(super) async fn run(
        &self,
        task: &Task,
        settings: &Settings<'_>,
        gate: &Gate,
        cancel: &CancellationToken,
    ) -> Result<Said> {
        let message = self.message(task, settings)?;
        let id = message.headers().get_raw("Message-ID").unwrap_or_default().to_owned();
        let server = server(settings, task.timeout)?;
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Error::Cancelled { outcome_unknown: false }),
            reached = server.test_connection() => match reached {
                Ok(true) => {}
                Ok(false) => return Err(unreachable("the mail server does not answer".into(), false)),
                Err(error) if error.status().is_some() => return Ok(Err(refused(&error))),
                Err(error) => return Err(unreachable(error.into(), false)),
            },
        }
        if let Err(reason) = gate.pass().await {
            return Err(unreachable(reason, false));
        }
        // From here on it may have been taken, whatever becomes of the answer.
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::Cancelled { outcome_unknown: true }),
            sent = server.send(message) => match sent {
                Ok(response) => {
                    let said: Vec<&str> = response.message().collect();
                    Ok(Ok(Map::from_iter([
                        ("message_id".to_owned(), id.into()),
                        ("code".to_owned(), response.code().to_string().into()),
                        ("message".to_owned(), said.join(" ").into()),
                    ])))
                }
                Err(error) if error.status().is_some() => Ok(Err(refused(&error))),
                Err(error) if error.is_timeout() => {
                    Err(Error::TimedOut { after: task.timeout, outcome_unknown: true })
                }
                Err(error) => Err(unreachable(error.into(), true)),
            }
        }
    }

    fn message(&self, task: &Task, settings: &Settings<'_>) -> Result<Message> {
        let fields = &task.fields;
        let from = settings.require("FROM")?.expose_secret();
        let from = mailbox("/credentials", from)?;
        // The id tells a mail that was sent twice from two mails.
        let domain = from.email.domain().to_owned();
        let mut message = Message::builder()
            .from(from)
            .subject(text(fields, "subject")?)
            .message_id(Some(format!("<{}@{domain}>", task.idempotency_key)));
        for to in addresses(fields, "to")? {
            message = message.to(to);
        }
        if fields.contains_key("cc") {
            for cc in addresses(fields, "cc")? {
                message = message.cc(cc);
            }
        }
        if fields.contains_key("reply_to") {
            message = message.reply_to(mailbox("/reply_to", &text(fields, "reply_to")?)?);
        }
        let plain = |text| SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text);
        let page = |html| SinglePart::builder().header(ContentType::TEXT_HTML).body(html);
        let built = match self.body(fields)? {
            Body { text: Some(text), html: Some(html) } => {
                message.multipart(MultiPart::alternative().singlepart(plain(text)).singlepart(page(html)))
            }
            Body { html: Some(html), .. } => message.singlepart(page(html)),
            Body { text, .. } => message.singlepart(plain(text.unwrap_or_default())),
        };
        built.map_err(|error| Error::invalid("/subject", format!("this is no mail: {error}")))
    }

    fn body(&self, fields: &Map<String, Value>) -> Result<Body> {
        if !fields.contains_key("template") {
            return Ok(Body { text: Some(text(fields, "body")?), html: None });
        }
        let name = text(fields, "template")?;
        let named = !name.is_empty()
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
        let wrong = |what: String| Error::invalid("/template", what);
        if !named {
            return Err(wrong(format!("{name:?} is no name of a template: letters, digits, - and _")));
        }
        let Some(folder) = &self.templates else {
            return Err(wrong(
                "the server has no templates: its operator names their folder by CONDUCTOR_MAIL_TEMPLATES; or write a \
                 body"
                    .to_owned(),
            ));
        };
        let mut values = fields.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
        for (key, value) in fields {
            values.entry(key.clone()).or_insert_with(|| value.clone());
        }
        let render = |ending: &str| -> Result<Option<String>> {
            let file = format!("{name}.{ending}");
            let source = match std::fs::read_to_string(folder.join(&file)) {
                Ok(source) => source,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(wrong(format!("the template {file} is unreadable: {error}"))),
            };
            let mut environment = Environment::new();
            environment.set_undefined_behavior(UndefinedBehavior::Chainable);
            let escape = if ending == "html" { AutoEscape::Html } else { AutoEscape::None };
            environment.set_auto_escape_callback(move |_| escape);
            let rendered = environment.render_named_str(&file, &source, &values);
            rendered.map(Some).map_err(|error| wrong(format!("the template {file} has no text: {error}")))
        };
        let body = Body { text: render("txt")?, html: render("html")? };
        match body {
            Body { text: None, html: None } => {
                Err(wrong(format!("the server has neither {name}.txt nor {name}.html among its templates")))
            }
            body => Ok(body),
        }
    }
}

fn server(settings: &Settings<'_>, timeout: Duration) -> Result<AsyncSmtpTransport<Tokio1Executor>> {
    let host = settings.require("HOST")?.expose_secret().trim().to_owned();
    let wrong = |what: String| Error::invalid("/credentials", what);
    let tls =
        || TlsParameters::new(host.clone()).map_err(|error| wrong(format!("no TLS to {host:?}: {error}")));
    let (tls, port) = match settings.text("TLS").unwrap_or("starttls") {
        "starttls" => (Tls::Required(tls()?), 587),
        "tls" => (Tls::Wrapper(tls()?), 465),
        "none" => (Tls::None, 25),
        other => {
            return Err(wrong(format!("{}_TLS is {other:?}, not starttls, tls or none", settings.prefix)));
        }
    };
    let port = match settings.text("PORT").map(u16::from_str) {
        None => port,
        Some(Ok(port)) => port,
        Some(Err(_)) => return Err(wrong(format!("{}_PORT is no port", settings.prefix))),
    };
    let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host)
        .tls(tls)
        .port(port)
        .timeout(Some(timeout));
    if let (Some(user), Some(password)) = (settings.text("USER"), settings.text("PASS")) {
        server = server.credentials(Credentials::new(user.to_owned(), password.to_owned()));
    }
    Ok(server.build())
}

fn addresses(fields: &Map<String, Value>, name: &str) -> Result<Vec<Mailbox>> {
    let pointer = format!("/{name}");
    let texts: Vec<&str> = match fields.get(name) {
        Some(Value::String(all)) => all.split(',').collect(),
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let texts: Vec<&str> = texts.into_iter().map(str::trim).filter(|text| !text.is_empty()).collect();
    if texts.is_empty() || texts.len() > MOST {
        return Err(Error::invalid(pointer, format!("{name} is 1 to {MOST} addresses")));
    }
    texts.into_iter().map(|text| mailbox(&pointer, text)).collect()
}

fn mailbox(pointer: &str, text: &str) -> Result<Mailbox> {
    text.trim()
        .parse()
        .map_err(|error| Error::invalid(pointer, format!("{text:?} is no mail address: {error}")))
}

/// The server said no, and says by which code (RFC 5321, 4.2).
fn refused(error: &SmtpError) -> Failure {
    Failure {
        code: error.status().map_or_else(|| "refused".to_owned(), |status| status.to_string()),
        message: format!("the mail server refuses: {}", chain(error)),
        retryable: error.is_transient(),
        retry_after_seconds: None,
    }
}

fn unreachable(source: Box<dyn std::error::Error + Send + Sync>, outcome_unknown: bool) -> Error {
    Error::Unreachable { reason: chain(&*source), outcome_unknown, source }
}
