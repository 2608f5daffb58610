//! Workflows that people make of those that ship with Conductor.

use conductor_access::Action;
use conductor_domain::Caller;
use conductor_workflow_graph::validate as problems;

use super::{WorkflowPatch, WorkflowView, Workflows, name};
use crate::{
    Error, Result, TemplateView,
    document::spec,
    templates::{self, Template},
};

impl Workflows {
    /// Every template, with what the caller has not got for it.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn templates(&self, caller: &Caller) -> Result<Vec<TemplateView>> {
        let names = self.names(caller).await?;
        let view = |template: &'static Template| TemplateView {
            template,
            problems: problems(&template.graph, &names),
        };
        Ok(templates::all().iter().map(view).collect())
    }

    /// One template.
    ///
    /// # Errors
    /// `Hidden` where there is none of this name.
    pub async fn template(&self, caller: &Caller, id: &str) -> Result<TemplateView> {
        let template = template(id)?;
        let problems = problems(&template.graph, &self.names(caller).await?);
        Ok(TemplateView { template, problems })
    }

    /// Makes a workflow of a template: private, and the caller's own. What is missing for it is told as its problems.
    ///
    /// # Errors
    /// `NameTaken` where a name is given that another workflow has; without one the template's own is taken, with a
    /// number where that is taken. Else as `create`.
    pub async fn instantiate(
        &self,
        caller: &Caller,
        id: &str,
        wanted: Option<String>,
    ) -> Result<WorkflowView> {
        let template = template(id)?;
        let name = match wanted {
            Some(name) => name,
            None => {
                self.store
                    .scoped(caller.scope)
                    .write(move |tx| Box::pin(async move { name::numbered(tx, template.id).await }))
                    .await?
            }
        };
        let category = Some(Some(template.category.to_owned()));
        let patch = WorkflowPatch { name: Some(name), category, ..WorkflowPatch::default() };
        let (spec, graph) = patch.apply(spec(&template.graph, true), template.graph.clone())?;
        self.insert(caller, spec, &graph, None, ("workflow.created", Action::WorkflowCreate)).await
    }
}

fn template(id: &str) -> Result<&'static Template> {
    let found = templates::all().iter().find(|template| template.id == id);
    found.ok_or(Error::Hidden { what: "template" })
}
