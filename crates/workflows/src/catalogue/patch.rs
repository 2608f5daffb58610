//! What a caller sets on a workflow, as a change of the state that there is.

use conductor_domain::{Classification, Concurrency, Visibility, WorkflowSpec};
use conductor_workflow_graph::Graph;

use super::{name, validate};
use crate::{Document, Result};

/// What is set: `None` leaves a field as it is, `Some(None)` gives it its default again.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is the one of the same name in `WorkflowSpec`")]
pub struct WorkflowPatch {
    pub name: Option<String>,
    pub title: Option<Option<String>>,
    pub description: Option<Option<String>>,
    /// A document of any form.
    pub graph: Option<Document>,
    pub is_active: Option<bool>,
    pub is_template: Option<bool>,
    pub category: Option<Option<String>>,
    pub visibility: Option<Option<Visibility>>,
    pub data_classification: Option<Option<Classification>>,
    pub required_permissions: Option<Option<Vec<String>>>,
    pub concurrency: Option<Option<Concurrency>>,
}

impl WorkflowPatch {
    /// The state after the change, checked as a whole. The graph was taken from the patch before; its name, title and
    /// description are the workflow's own.
    pub(super) fn apply(self, mut spec: WorkflowSpec, mut graph: Graph) -> Result<(WorkflowSpec, Graph)> {
        match self.name {
            Some(name) => graph.name = name.trim().to_owned(),
            // What a document calls itself may be any sentence; it is run by a plain name.
            None if !name::is_plain(&graph.name) => {
                let written = std::mem::take(&mut graph.name);
                graph.name = name::plain(&written);
                graph.title = graph.title.or(Some(written)).filter(|title| !title.is_empty());
            }
            None => {}
        }
        if let Some(title) = self.title {
            graph.title = text(title);
        }
        if let Some(description) = self.description {
            graph.description = text(description);
        }
        spec.name.clone_from(&graph.name);
        spec.title.clone_from(&graph.title);
        spec.description.clone_from(&graph.description);
        if let Some(active) = self.is_active {
            spec.is_active = active;
        }
        if let Some(template) = self.is_template {
            spec.is_template = template;
        }
        if let Some(category) = self.category {
            spec.category = text(category);
        }
        if let Some(visibility) = self.visibility {
            spec.visibility = visibility.unwrap_or_default();
        }
        if let Some(label) = self.data_classification {
            spec.data_classification = label.unwrap_or(Classification::Internal);
        }
        if let Some(permissions) = self.required_permissions {
            spec.required_permissions = permissions.unwrap_or_default();
        }
        if let Some(concurrency) = self.concurrency {
            spec.concurrency = concurrency.unwrap_or_default();
        }
        validate::spec(&spec)?;
        Ok((spec, graph))
    }

    /// Whether more people would see the workflow than do now.
    pub(super) fn widens(&self, now: Visibility) -> bool {
        let rank = |visibility| Visibility::ALL.iter().position(|word| *word == visibility);
        self.visibility.is_some_and(|wanted| rank(wanted.unwrap_or_default()) > rank(now))
    }
}

/// A text that says something.
fn text(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
