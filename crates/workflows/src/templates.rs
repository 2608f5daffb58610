//! The workflows that ship with Conductor: documents that anybody can read, of which people make their own.

use std::{collections::BTreeSet, sync::LazyLock};

use conductor_workflow_graph::{Config, Graph, Problem, Syntax, to_conductor, to_yaml};
use serde_json::Value;

use crate::{Document, document::stored};

/// The list of documents, by field of work.
macro_rules! documents {
    ($($category:literal: [$($name:literal),+ $(,)?]),+ $(,)?) => {
        /// Category, name, and the document itself: one file each, beside the others.
        const DOCUMENTS: &[(&str, &str, &str)] = &[
            $($(($category, $name, include_str!(concat!("../templates/", $name, ".yaml"))),)+)+
        ];
    };
}

documents! {
    "research": ["research-and-write", "market-research"],
    "development": ["code-generation"],
    "commerce": [
        "intelligent-order-processing",
        "smart-order-processing",
        "shopify-order-processor",
        "daily-sales-report",
        "automated-restock-analysis",
    ],
    "operations": ["predictive-maintenance", "support-to-sales-handoff"],
    "sales": [
        "lead-qualification",
        "ai-lead-qualification",
        "intelligent-lead-qualification",
        "demo-booking",
        "quote-generation",
        "deal-closure",
    ],
    "support": ["customer-support-alert", "ticket-routing", "ticket-escalation", "escalation", "knowledge-base-update"],
    "marketing": ["campaign-automation", "content-generation", "lead-nurturing"],
    "hr": ["employee-onboarding", "policy-updates", "performance-reviews"],
    "finance": ["invoice-processing", "payment-reminders", "financial-reporting"],
}

/// A workflow that ships with Conductor.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Its name in addresses; the name of what is made of it, where that is free.
    pub id: &'static str,
    /// What field of work it is for.
    pub category: &'static str,
    pub(crate) graph: Graph,
}

/// A template, and what whoever looks at it has not got for it.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateView {
    /// The template.
    pub template: &'static Template,
    /// What would be wrong with a workflow made of it now.
    pub problems: Vec<Problem>,
}

/// Those of the documents that are sound, which a test holds to be all of them.
static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let read = |(category, id, text): &(&'static str, &'static str, &'static str)| {
        let document = Document::Text(Syntax::Yaml, (*text).to_owned());
        let (graph, _) = document.graph(false).ok()?;
        Some(Template { id, category, graph })
    };
    DOCUMENTS.iter().filter_map(read).collect()
});

/// Every template, by field of work.
pub(crate) fn all() -> &'static [Template] {
    &TEMPLATES
}

impl Template {
    /// What it is called by people.
    #[must_use]
    pub fn title(&self) -> &str {
        self.graph.title.as_deref().unwrap_or(self.id)
    }

    /// What it does.
    #[must_use]
    pub fn description(&self) -> &str {
        self.graph.description.as_deref().unwrap_or_default()
    }

    /// The stored form.
    #[must_use]
    pub fn document(&self) -> Value {
        stored(&self.graph)
    }

    /// The document as people write it.
    #[must_use]
    pub fn text(&self) -> String {
        to_yaml(&to_conductor(&self.graph))
    }

    /// How many nodes it has.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.graph.nodes.len()
    }

    /// The servers whose tools it calls.
    #[must_use]
    pub fn servers(&self) -> BTreeSet<&str> {
        let servers = self.graph.nodes.iter().filter_map(|node| match &node.config {
            Config::Tool(tool) => tool.connector.as_deref(),
            _ => None,
        });
        servers.collect()
    }

    /// The variables of the server's environment that it shows as credentials.
    #[must_use]
    pub fn credentials(&self) -> BTreeSet<&str> {
        let auths = self.graph.nodes.iter().filter_map(|node| match &node.config {
            Config::Http(http) => http.auth.as_ref(),
            _ => None,
        });
        let values = auths.flat_map(|auth| auth.fields.values()).filter_map(Value::as_str);
        values.filter_map(|value| value.strip_prefix("{{env.")?.strip_suffix("}}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use conductor_workflow_graph::{Limits, Names, import};

    use super::*;

    #[test]
    fn every_document_is_a_sound_workflow_of_its_own_name() {
        for (_, id, text) in DOCUMENTS {
            let imported = import(text, &Limits::default(), &Names::any());
            assert_eq!(imported.problems, [], "{id}");
            let graph = imported.graph.unwrap();
            assert_eq!(&graph.name, id);
            assert!(graph.title.is_some() && graph.description.is_some(), "{id} does not say what it is");
            assert!(crate::runner::unsupported_nodes(&graph).is_empty(), "{id} cannot run here");
        }
        assert_eq!(all().len(), DOCUMENTS.len());
    }

    #[test]
    fn every_file_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        let files: BTreeSet<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
        let listed = DOCUMENTS.iter().map(|(_, id, _)| format!("{id}.yaml"));
        assert_eq!(files, listed.collect());
    }

    #[test]
    fn what_a_template_needs_is_read_from_it() {
        let of = |id: &str| all().iter().find(|template| template.id == id).unwrap();
        assert_eq!(of("intelligent-order-processing").servers(), BTreeSet::from(["shop"]));
        assert_eq!(of("shopify-order-processor").credentials(), BTreeSet::from(["SHOPIFY_TOKEN"]));
        assert_eq!(of("customer-support-alert").credentials(), BTreeSet::from(["SLACK_BOT_TOKEN"]));
        assert!(of("research-and-write").servers().is_empty());
    }
}
