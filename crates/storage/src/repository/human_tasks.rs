//! Questions that wait for a person.

use std::collections::HashMap;

use conductor_domain::{
    CallId, Classification, HumanTask, HumanTaskId, NewHumanTask, Page, PageRequest, RunId, Scope,
    TaskFilter, TaskNotice, UserId,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
    prelude::{Expr, Uuid},
    sea_query::SimpleExpr,
};

use super::convert::{after_id, json, to_json, word};
use crate::{
    Error, Result, ScopedTx, View,
    conn::Fetch,
    entity::{human_task, run},
    tx::Tx,
};

/// Questions of one tenant, inside a write.
#[derive(Debug)]
pub struct HumanTasks<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> HumanTasks<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Asks a question.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create(&self, new: NewHumanTask) -> Result<HumanTask> {
        let row = human_task::ActiveModel {
            id: Set(self.tx.clock().uuid_v7()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            run_id: Set(new.run_id.as_uuid()),
            call_id: Set(new.call_id.map(Into::into)),
            user_id: Set(new.user_id.map(Into::into)),
            conversation_id: Set(new.conversation_id.map(Into::into)),
            node_id: Set(new.node_id),
            kind: Set(new.kind),
            title: Set(new.title),
            message: Set(new.message),
            priority: Set(new.priority),
            tool: Set(new.tool),
            server: Set(new.server),
            binding_hash: Set(new.binding_hash),
            arguments: Set(new.arguments),
            allowed_decisions: Set(to_json("human_tasks.allowed_decisions", &new.allowed_decisions)?),
            channels: Set(serde_json::json!([])),
            approver_roles: Set(to_json("human_tasks.approver_roles", &new.approver_roles)?),
            status: Set("pending".to_owned()),
            decision: Set(None),
            comment: Set(None),
            decided_by: Set(None),
            decided_at: Set(None),
            due_at: Set(new.due_at),
            comment_required: Set(new.comment_required),
            created_at: Set(self.tx.clock().now()),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// The question of a tool call, with its answer where there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_by_call(&self, run: RunId, call: CallId) -> Result<Option<HumanTask>> {
        self.owned()
            .filter(human_task::Column::RunId.eq(run.as_uuid()))
            .filter(human_task::Column::CallId.eq(call.as_uuid()))
            .filter(human_task::Column::Kind.eq("tool_approval"))
            .one(&self.tx.conn())
            .await?
            .map(HumanTask::try_from)
            .transpose()
    }

    /// A question, with its answer where there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: HumanTaskId) -> Result<Option<HumanTask>> {
        let row = self.owned().filter(human_task::Column::Id.eq(id.as_uuid())).one(&self.tx.conn()).await?;
        row.map(HumanTask::try_from).transpose()
    }

    /// Notes how people are told of an open question, beside what was noted before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notice(&self, id: HumanTaskId, more: Vec<TaskNotice>) -> Result<Option<HumanTask>> {
        self.change_notices(id, |notices| notices.extend(more)).await
    }

    /// Notes that a call has told somebody of a question, or why it did not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn told(
        &self,
        id: HumanTaskId,
        call: CallId,
        failed: Option<String>,
    ) -> Result<Option<HumanTask>> {
        let now = self.tx.clock().now();
        self.change_notices(id, |notices| {
            for notice in notices.iter_mut().filter(|notice| notice.call_id == Some(call)) {
                notice.status = if failed.is_none() { "told" } else { "failed" }.to_owned();
                notice.reason.clone_from(&failed);
                notice.at = Some(now);
            }
        })
        .await
    }

    /// The questions of a run of which somebody is still to be told.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn untold(&self, run: RunId) -> Result<Vec<HumanTask>> {
        let rows =
            self.owned().filter(human_task::Column::RunId.eq(run.as_uuid())).all(&self.tx.conn()).await?;
        let tasks: Vec<HumanTask> = rows.into_iter().map(HumanTask::try_from).collect::<Result<_>>()?;
        let open = |task: &HumanTask| task.notices.iter().any(|notice| notice.status == "open");
        Ok(tasks.into_iter().filter(open).collect())
    }

    async fn change_notices(
        &self,
        id: HumanTaskId,
        change: impl FnOnce(&mut Vec<TaskNotice>) + Send,
    ) -> Result<Option<HumanTask>> {
        let row = self.owned().filter(human_task::Column::Id.eq(id.as_uuid())).one(&self.tx.conn()).await?;
        let Some(row) = row else { return Ok(None) };
        let mut notices: Vec<TaskNotice> = json("human_tasks.channels", row.channels.clone())?;
        change(&mut notices);
        let mut row: human_task::ActiveModel = row.into();
        row.channels = Set(to_json("human_tasks.channels", &notices)?);
        Ok(Some(row.update(&self.tx.conn()).await?.try_into()?))
    }

    /// Hands an open question to others, without an end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn escalate(&self, id: HumanTaskId, to: &[String]) -> Result<Option<HumanTask>> {
        let row = self
            .owned()
            .filter(human_task::Column::Id.eq(id.as_uuid()))
            .filter(human_task::Column::Status.eq("pending"))
            .one(&self.tx.conn())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let mut row: human_task::ActiveModel = row.into();
        row.approver_roles = Set(to_json("human_tasks.approver_roles", &to)?);
        row.due_at = Set(None);
        if row.priority.as_ref() != "urgent" {
            row.priority = Set("high".to_owned());
        }
        Ok(Some(row.update(&self.tx.conn()).await?.try_into()?))
    }

    /// Closes an open question of a node that has ended otherwise.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expire(&self, id: HumanTaskId) -> Result<()> {
        human_task::Entity::update_many()
            .col_expr(human_task::Column::Status, Expr::value("expired"))
            .filter(human_task::Column::Id.eq(id.as_uuid()))
            .filter(human_task::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(human_task::Column::Status.eq("pending"))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    /// Answers a question. `Stale` when it was answered before.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such question.
    pub async fn decide(
        &self,
        id: HumanTaskId,
        by: UserId,
        decision: &str,
        comment: Option<String>,
    ) -> Result<HumanTask> {
        let row = self
            .owned()
            .filter(human_task::Column::Id.eq(id.as_uuid()))
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)?;
        if row.status != "pending" {
            return Err(Error::Stale);
        }
        let mut row: human_task::ActiveModel = row.into();
        row.status = Set("decided".to_owned());
        row.decision = Set(Some(decision.to_owned()));
        row.comment = Set(comment);
        row.decided_by = Set(Some(by.as_uuid()));
        row.decided_at = Set(Some(self.tx.clock().now()));
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// Closes the open questions of a run that has ended. Whether a call took effect is asked beyond the end of its run,
    /// where no node waits for the answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expire_of_run(&self, run: RunId) -> Result<()> {
        human_task::Entity::update_many()
            .col_expr(human_task::Column::Status, sea_orm::prelude::Expr::value("expired"))
            .filter(human_task::Column::RunId.eq(run.as_uuid()))
            .filter(human_task::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(human_task::Column::Status.eq("pending"))
            .filter(
                Condition::any()
                    .add(human_task::Column::Kind.ne("ambiguous_effect"))
                    .add(human_task::Column::NodeId.is_not_null()),
            )
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    fn owned(&self) -> sea_orm::Select<human_task::Entity> {
        human_task::Entity::find()
            .filter(human_task::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(human_task::Column::EnvironmentId.eq(self.scope.environment_id.as_uuid()))
    }
}

/// Questions as a caller sees them: those of its own runs, those that its roles may answer, and all of the organisation's
/// for its administrators.
#[derive(Debug)]
pub struct VisibleHumanTasks<'a> {
    view: View<'a>,
}

impl<'a> VisibleHumanTasks<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A question, if the caller may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: HumanTaskId) -> Result<Option<HumanTask>> {
        self.visible()
            .filter(human_task::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(HumanTask::try_from)
            .transpose()
    }

    /// The questions of some runs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_runs(&self, runs: &[RunId]) -> Result<Vec<HumanTask>> {
        self.visible()
            .filter(human_task::Column::RunId.is_in(runs.iter().map(|run| run.as_uuid())))
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(HumanTask::try_from)
            .collect()
    }

    /// How sensitive what these runs hold is by now, also of runs that are not theirs who are asked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn labels(&self, runs: &[RunId]) -> Result<HashMap<RunId, Classification>> {
        let rows: Vec<(Uuid, String)> = run::Entity::find()
            .select_only()
            .columns([run::Column::Id, run::Column::DataClassification])
            .filter(run::Column::OrganizationId.eq(self.view.caller.scope.organization_id.as_uuid()))
            .filter(run::Column::Id.is_in(runs.iter().map(|run| run.as_uuid())))
            .into_tuple()
            .all(&self.view.conn)
            .await?;
        rows.into_iter()
            .map(|(id, label)| Ok((id.into(), word("runs.data_classification", &label)?)))
            .collect()
    }

    /// A page of questions, newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, filter: TaskFilter, page: PageRequest) -> Result<Page<HumanTask>> {
        let mut select = self.visible();
        if let Some(after) = after_id(&page)? {
            select = select.filter(human_task::Column::Id.lt(after));
        }
        if let Some(status) = filter.status {
            select = select.filter(human_task::Column::Status.eq(status));
        }
        if let Some(root) = filter.root_run_id {
            let below = run::Entity::find()
                .select_only()
                .expr(Expr::value(1))
                .filter(run::Column::RootRunId.eq(root.as_uuid()))
                .filter(ExprTrait::equals(
                    Expr::col((run::Entity, run::Column::Id)),
                    (human_task::Entity, human_task::Column::RunId),
                ));
            select = select.filter(Expr::exists(QueryTrait::into_query(below)));
        }
        let rows = select
            .order_by_desc(human_task::Column::Id)
            .limit(page.limit + 1)
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(HumanTask::try_from)
            .collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |task| task.id.to_string()))
    }

    fn visible(&self) -> sea_orm::Select<human_task::Entity> {
        let caller = self.view.caller;
        let mut own = Condition::any();
        if let Some(user) = caller.user_id() {
            own = own.add(human_task::Column::UserId.eq(user.as_uuid()));
        }
        let answers_as = caller.answers_as();
        if !answers_as.is_empty() {
            own = own.add(asks_one_of(&self.view, &answers_as));
        }
        if caller.has_role("organization:owner") || caller.has_role("organization:admin") {
            own = own.add(human_task::Column::UserId.is_not_null()).add(human_task::Column::UserId.is_null());
        }
        human_task::Entity::find()
            .filter(human_task::Column::OrganizationId.eq(caller.scope.organization_id.as_uuid()))
            .filter(human_task::Column::EnvironmentId.eq(caller.scope.environment_id.as_uuid()))
            .filter(own)
    }
}

/// Whether a question is for one of these roles or persons.
fn asks_one_of(view: &View<'_>, roles: &[String]) -> SimpleExpr {
    let (each, mark) = match view.conn.get_database_backend() {
        DbBackend::Postgres => {
            ("jsonb_array_elements_text(human_tasks.approver_roles) AS asked(value)", true)
        }
        _ => ("json_each(human_tasks.approver_roles) AS asked", false),
    };
    let marks: Vec<String> =
        (1..=roles.len()).map(|at| if mark { format!("${at}") } else { "?".to_owned() }).collect();
    let sql = format!("EXISTS (SELECT 1 FROM {each} WHERE asked.value IN ({}))", marks.join(", "));
    Expr::cust_with_values(sql, roles.iter().map(String::as_str))
}

impl TryFrom<human_task::Model> for HumanTask {
    type Error = Error;

    fn try_from(row: human_task::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            run_id: row.run_id.into(),
            call_id: row.call_id.map(Into::into),
            node_id: row.node_id,
            user_id: row.user_id.map(Into::into),
            conversation_id: row.conversation_id.map(Into::into),
            kind: row.kind,
            title: row.title,
            message: row.message,
            priority: row.priority,
            tool: row.tool,
            server: row.server,
            binding_hash: row.binding_hash,
            arguments: row.arguments,
            allowed_decisions: json("human_tasks.allowed_decisions", row.allowed_decisions)?,
            approver_roles: json("human_tasks.approver_roles", row.approver_roles)?,
            comment_required: row.comment_required,
            due_at: row.due_at,
            status: row.status,
            decision: row.decision,
            comment: row.comment,
            decided_by: row.decided_by.map(Into::into),
            decided_at: row.decided_at,
            notices: json("human_tasks.channels", row.channels)?,
            created_at: row.created_at,
        })
    }
}
