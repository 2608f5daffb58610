//! An operation of a provider such as Slack, e-mail or Shopify. Its fields are the node's inputs.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Settings, about};
use crate::{Node, fields::Fields};

/// The settings of an integration node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Integration {
    /// Whose operation it is: `slack`, `email`, `shopify`, `google_sheets`, …
    pub provider: String,
    /// The operation, such as `messages.send`.
    pub operation: String,
    /// What the names of the operator's variables begin with that hold the address and the credential, such as
    /// `TECHSTART_SHOPIFY` for `TECHSTART_SHOPIFY_TOKEN`; the provider's own where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
}

/// What the operations need: of each list, one of the fields.
const NEEDS: [(&str, &str, &[&[&str]]); 7] = [
    ("slack", "messages.send", &[&["channel"], &["text", "blocks"]]),
    ("email", "send", &[&["to"], &["subject"], &["template", "body"]]),
    ("shopify", "orders.update", &[&["resourceId"], &["data"]]),
    ("google_sheets", "values.get", &[&["spreadsheetId"], &["range"]]),
    ("google_sheets", "values.append", &[&["spreadsheetId"], &["range"], &["values"]]),
    ("google_sheets", "values.update", &[&["spreadsheetId"], &["range"], &["values"]]),
    ("google_sheets", "values.clear", &[&["spreadsheetId"], &["range"]]),
];

impl Settings for Integration {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            provider: fields.text("provider").unwrap_or_default(),
            operation: fields.text("operation").unwrap_or_default(),
            credentials: fields.text("credentials"),
        }
    }

    fn check(&self, node: &Node, found: &mut Found<'_>) {
        found.require("/config/provider", !self.provider.is_empty());
        found.require("/config/operation", !self.operation.is_empty());
        let name = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_uppercase())
                && text
                    .chars()
                    .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
        };
        if self.credentials.as_deref().is_some_and(|text| !name(text)) {
            let message = "credentials is what the names of variables begin with, such as TECHSTART_SHOPIFY";
            found.error("/config/credentials", crate::problem::Code::InvalidValue, message);
        }
        let needs = NEEDS
            .iter()
            .filter(|(provider, operation, _)| *provider == self.provider && *operation == self.operation);
        for one_of in needs.flat_map(|(_, _, needs)| *needs) {
            if !one_of.iter().any(|field| node.inputs.contains_key(*field)) {
                let field = one_of.first().copied().unwrap_or_default();
                let message = format!("{} {} needs {}", self.provider, self.operation, one_of.join(" or "));
                found.error(&format!("/inputs/{field}"), crate::problem::Code::MissingField, message);
            }
        }
    }

    fn about() -> About {
        About {
            name: "Integration",
            inputs: "The operation's fields.",
            output: about::object("What the provider answered, and `success`."),
            settings: json!({
                "provider": about::text("Whose operation it is: slack, email, shopify, google_sheets."),
                "operation": about::text("The operation, such as messages.send."),
                "credentials": about::text("What the names of the operator's variables begin with, such as TECHSTART_SHOPIFY."),
            }),
            required: &["provider", "operation"],
            example: json!({
                "nodes": [{
                    "id": "tell", "kind": "integration",
                    "config": { "provider": "slack", "operation": "messages.send" },
                    "inputs": { "channel": "#sales", "text": "A new order: {{inputs.order}}" },
                }],
                "edges": [],
            }),
        }
    }
}
