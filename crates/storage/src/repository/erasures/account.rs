//! The first step, in one transaction: the account is nobody's any more, no credential of it works, and what others use
//! has another owner.

use conductor_domain::{OrganizationId, Revoked, RunId, Scope, SignalKind, UserId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Value,
    prelude::{Expr, Uuid},
};
use serde_json::json;

use super::{ErasuresTx, theirs};
use crate::{
    Result, ScopedTx,
    entity::{run, user},
};

/// What is gone at once. `$1` is the person.
const CREDENTIALS: [&str; 11] = [
    "DELETE FROM secrets WHERE ref IN (SELECT id_token_ref FROM sessions WHERE user_id = $1 \
       AND id_token_ref IS NOT NULL)",
    "DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $1)",
    "DELETE FROM sessions WHERE user_id = $1",
    "DELETE FROM one_time_links WHERE user_id = $1",
    "DELETE FROM external_identities WHERE user_id = $1",
    "DELETE FROM directory_members WHERE user_id = $1",
    "DELETE FROM directory_users WHERE user_id = $1",
    "DELETE FROM memberships WHERE user_id = $1",
    "DELETE FROM secrets WHERE EXISTS (SELECT 1 FROM api_keys k WHERE k.user_id = $1 \
       AND k.organization_id = secrets.organization_id AND k.secret_ref = secrets.ref)",
    "DELETE FROM api_keys WHERE user_id = $1",
    "DELETE FROM tool_approvals WHERE user_id = $1",
];

/// Agents, workflows, drawings and servers that others use: `$1` is the person, `$2` the organisation, `$3` who takes them over. What stays
/// the person's goes with them.
const PASSED_ON: [&str; 4] = [
    "UPDATE agents SET owner_user_id = $3 WHERE owner_user_id = $1 AND organization_id = $2 \
       AND deleted_at IS NULL AND (visibility <> 'private' OR EXISTS (SELECT 1 FROM permission_grants g \
         WHERE g.resource_id = agents.id AND g.resource_type = 'agent' AND g.is_active))",
    "UPDATE workflows SET owner_user_id = $3 WHERE owner_user_id = $1 AND organization_id = $2 \
       AND deleted_at IS NULL AND (visibility <> 'private' OR EXISTS (SELECT 1 FROM permission_grants g \
         WHERE g.resource_id = workflows.id AND g.resource_type = 'workflow' AND g.is_active))",
    "UPDATE canvas_states SET owner_user_id = $3 WHERE owner_user_id = $1 AND organization_id = $2 \
       AND deleted_at IS NULL",
    "UPDATE connectors SET created_by_user_id = $3 WHERE created_by_user_id = $1 AND organization_id = $2 \
       AND deleted_at IS NULL AND (visibility <> 'private' OR origin = 'official' \
         OR EXISTS (SELECT 1 FROM permission_grants g \
           WHERE g.resource_id = connectors.id AND g.resource_type = 'connector' AND g.is_active) \
         OR EXISTS (SELECT 1 FROM agent_connectors l JOIN agents a ON a.id = l.agent_id \
           WHERE l.connector_id = connectors.id AND a.deleted_at IS NULL \
             AND (a.owner_user_id IS NULL OR a.owner_user_id <> $1)))",
];

/// The secrets of the hooks of the person's workflows in an organisation: whoever takes these over is not to be acted for
/// with what the person knows. `$1` is the person, `$2` the organisation.
const HOOK_SECRETS: [&str; 2] = [
    "DELETE FROM secrets WHERE organization_id = $2 AND ref IN (SELECT h.secret_ref FROM workflow_hooks h \
       JOIN workflows w ON w.id = h.workflow_id WHERE w.owner_user_id = $1 AND w.organization_id = $2)",
    "UPDATE workflow_hooks SET secret_at = NULL WHERE workflow_id IN \
       (SELECT id FROM workflows WHERE owner_user_id = $1 AND organization_id = $2)",
];

impl ErasuresTx<'_> {
    /// Gives what others of an organisation use to somebody else of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pass_on(
        &self,
        user: UserId,
        organization: OrganizationId,
        successor: UserId,
    ) -> Result<u64> {
        for sql in HOOK_SECRETS {
            self.run(sql, [user.as_uuid(), organization.as_uuid()].map(Value::from)).await?;
        }
        let mut passed = 0;
        for sql in PASSED_ON {
            let values = [user.as_uuid(), organization.as_uuid(), successor.as_uuid()].map(Value::from);
            passed += self.run(sql, values).await?;
        }
        Ok(passed)
    }

    /// Ends the account, every way into it, and every run of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_account(&self, user: UserId) -> Result<()> {
        let now = self.tx.clock().now();
        for sql in CREDENTIALS {
            self.run(sql, [Value::from(user.as_uuid())]).await?;
        }
        self.run(
            "DELETE FROM secrets WHERE organization_id = $1 AND ref = $2",
            [Value::from(Scope::PLATFORM.organization_id.as_uuid()), Value::from(format!("mfa:{user}"))],
        )
        .await?;
        self.run(
            "UPDATE issued_tokens SET revoked_at = $2 \
             WHERE revoked_at IS NULL AND (issued_by_id = $1 OR user_id = $1)",
            [Value::from(user.as_uuid()), Value::from(now)],
        )
        .await?;
        self.forget(user).await?;
        self.stop_runs(user).await?;
        self.tx.tell(Revoked::User(user)).await
    }

    /// Deletes an organisation that was the person's own, with its keys: what they sealed opens no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_own(&self, organization: OrganizationId) -> Result<()> {
        let now = self.tx.clock().now();
        let slug = format!("erased-{}", organization.as_uuid().simple());
        self.run(
            "UPDATE organizations SET name = $2, slug = $2, industry = NULL, website = NULL, timezone = NULL, \
               deleted_at = $3, updated_at = $3 WHERE id = $1",
            [Value::from(organization.as_uuid()), Value::from(slug), Value::from(now)],
        )
        .await?;
        self.run("DELETE FROM tenant_keys WHERE organization_id = $1", [Value::from(organization.as_uuid())])
            .await?;
        self.tx.tell(Revoked::Organization(organization)).await
    }

    /// Writes the account over. The row stays, so that what names its id names a pseudonym and not nothing.
    async fn forget(&self, user: UserId) -> Result<()> {
        let now = self.tx.clock().now();
        user::Entity::update_many()
            .col_expr(user::Column::Email, Expr::value(format!("{user}@erased.invalid")))
            .col_expr(user::Column::Name, Expr::value("Erased person"))
            .col_expr(user::Column::FirstName, Expr::value(""))
            .col_expr(user::Column::LastName, Expr::value(""))
            .col_expr(user::Column::PasswordHash, Expr::value(None::<String>))
            .col_expr(user::Column::AvatarUrl, Expr::value(None::<String>))
            .col_expr(user::Column::CustomInstructions, Expr::value(None::<String>))
            .col_expr(user::Column::Attributes, Expr::value(json!({})))
            .col_expr(user::Column::Preferences, Expr::value(json!({})))
            .col_expr(user::Column::Mfa, Expr::value(None::<serde_json::Value>))
            .col_expr(user::Column::DefaultAgentId, Expr::value(None::<Uuid>))
            .col_expr(user::Column::ActiveOrganizationId, Expr::value(None::<Uuid>))
            .col_expr(user::Column::ActiveEnvironmentId, Expr::value(None::<Uuid>))
            .col_expr(user::Column::PlatformRole, Expr::value("guest"))
            .col_expr(user::Column::DataClearanceLevel, Expr::value("public"))
            .col_expr(user::Column::IsActive, Expr::value(false))
            .col_expr(user::Column::TokenVersion, Expr::col(user::Column::TokenVersion).add(1))
            .col_expr(user::Column::LastLogin, Expr::value(None::<chrono::DateTime<chrono::Utc>>))
            .col_expr(user::Column::UpdatedAt, Expr::value(now))
            .col_expr(user::Column::DeletedAt, Expr::value(now))
            .filter(user::Column::Id.eq(user.as_uuid()))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    async fn stop_runs(&self, user: UserId) -> Result<()> {
        let open: Vec<(Uuid, Uuid, Uuid)> = run::Entity::find()
            .select_only()
            .columns([run::Column::Id, run::Column::OrganizationId, run::Column::EnvironmentId])
            .filter(run::open())
            .filter(theirs(user))
            .into_tuple()
            .all(&self.tx.conn())
            .await?;
        for (id, organization, environment) in open {
            let scope = Scope { organization_id: organization.into(), environment_id: environment.into() };
            let runs = ScopedTx { tx: self.tx, scope }.runs();
            runs.signal(RunId::from(id), SignalKind::Cancel, json!({})).await?;
        }
        Ok(())
    }

    /// Organisations in which the person has, or had, agents, workflows or servers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owning(&self, user: UserId) -> Result<Vec<OrganizationId>> {
        let conn = self.tx.conn();
        let sql = "SELECT organization_id FROM agents WHERE owner_user_id = $1 AND deleted_at IS NULL \
                   UNION SELECT organization_id FROM workflows WHERE owner_user_id = $1 AND deleted_at IS NULL \
                   UNION SELECT organization_id FROM connectors WHERE created_by_user_id = $1 AND deleted_at IS NULL";
        let rows = conn.query_all_raw(conn.statement(sql, [Value::from(user.as_uuid())])).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index::<Uuid>(0)?.into())).collect()
    }
}
