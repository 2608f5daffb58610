//! Runs that no caller asks for: what starts a workflow by itself starts it as its owner.

use std::net::IpAddr;

use conductor_access::Action;
use conductor_domain::{Caller, Run, Workflow, WorkflowId};
use conductor_storage::{ScopedTx, Unscoped};

use crate::{Error, Execution, Executions, Result, executions::Ready};

impl Executions {
    /// The run of a workflow as its owner, once everything is as it has to be. `address` is where it was asked from.
    pub(crate) async fn ready_as_owner(
        &self,
        id: WorkflowId,
        execution: Execution,
        address: Option<IpAddr>,
    ) -> Result<Ready> {
        let rows = self.store.unscoped(Unscoped::Starts).workflows();
        let workflow = rows.find(id).await?.ok_or(Error::Hidden { what: "workflow" })?;
        let (owner, version) = self.owner(&workflow).await?;
        let caller = Caller { address, ..owner };
        let workflow = self.workflows.row(&caller, workflow.id, Action::WorkflowExecute).await?;
        // What was looked at is what runs, whatever is saved or published meanwhile.
        let execution = Execution { version: Some(version), ..execution };
        self.ready(&caller, workflow, execution, None).await
    }

    /// The owner as the caller, as it stands now, and the version that it runs. It acts for nobody else: whoever may change
    /// a workflow could have it do anything in the owner's name, so neither a version that another person made is run, nor
    /// one that another person published. What the owner publishes is the owner's, whoever made it.
    async fn owner(&self, workflow: &Workflow) -> Result<(Caller, i32)> {
        let owner = workflow.owner_user_id.ok_or(Error::Ownerless)?;
        let caller = self.access.caller_of(owner, workflow.scope).await?.ok_or(Error::Ownerless)?;
        let number = workflow.running_version();
        let by = match &workflow.published {
            Some(published) => published.by,
            None => {
                let rows = self.store.visible_to(&caller).workflows();
                rows.version(workflow.id, number).await?.and_then(|version| version.created_by)
            }
        };
        if by == Some(owner) { Ok((caller, number)) } else { Err(Error::Unconfirmed { version: number }) }
    }
}

/// Writes the run, where everything was as it had to be. The inner error says why there is none, which can be told; with
/// the outer one nothing of the transaction is written.
pub(crate) async fn begin(ready: Result<Ready>, tx: ScopedTx<'_>) -> Result<Result<Run>> {
    match ready {
        Err(error) => Ok(Err(error)),
        Ok(ready) => match ready.begin(tx).await {
            Ok(run) => Ok(Ok(run)),
            Err(busy @ (Error::Busy { .. } | Error::Full { .. })) => Ok(Err(busy)),
            Err(error) => Err(error),
        },
    }
}

/// What to do about it. Of fields that cannot be, each is told.
pub(crate) fn detail(error: &Error) -> String {
    match error {
        Error::Invalid { faults } => {
            let details: Vec<&str> = faults.iter().map(|fault| fault.detail.as_str()).collect();
            details.join("; ")
        }
        error => error.to_string(),
    }
}
