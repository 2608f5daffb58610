//! What the person left: removed in transactions of bounded size, each of which may be the last before a crash. A step is
//! asked of the rows, so that taking it again finds what is left, or nothing.

use conductor_domain::{Erasure, OrganizationId, UserId};
use sea_orm::Value;

use super::ErasuresTx;
use crate::Result;

/// Runs that say something of the person. `$1` is the person.
const GATHER: &str = "INSERT INTO erasure_runs (run_id, user_id) SELECT r.id, $1 FROM runs r \
    WHERE (r.user_id = $1 OR r.conversation_id IN (SELECT id FROM conversations WHERE user_id = $1) \
      OR r.agent_id IN (SELECT id FROM agents WHERE owner_user_id = $1)) \
    ON CONFLICT DO NOTHING";

/// The runs of one transaction.
macro_rules! some_runs {
    () => {
        "(SELECT run_id FROM erasure_runs WHERE user_id = $1 ORDER BY run_id LIMIT 100)"
    };
}

/// What runs said: figures and outcomes stay, under the pseudonym.
const RUNS: [&str; 6] = [
    concat!("DELETE FROM run_events WHERE run_id IN ", some_runs!()),
    concat!("DELETE FROM run_signals WHERE run_id IN ", some_runs!()),
    concat!("DELETE FROM effects WHERE run_id IN ", some_runs!()),
    concat!("DELETE FROM human_tasks WHERE run_id IN ", some_runs!()),
    concat!(
        "UPDATE runs SET input_json = NULL, output_json = NULL, error_text = NULL, resource_uri = NULL, \
         address = NULL WHERE id IN ",
        some_runs!()
    ),
    concat!("DELETE FROM erasure_runs WHERE run_id IN ", some_runs!()),
];

/// The rest, in this order: what is named before what names it. `$1` is the person.
const REMAINS: [&str; 37] = [
    "DELETE FROM ratings WHERE user_id = $1",
    "DELETE FROM human_tasks WHERE user_id = $1",
    "UPDATE human_tasks SET comment = NULL WHERE decided_by = $1 AND comment IS NOT NULL",
    "DELETE FROM messages WHERE id IN (SELECT m.id FROM messages m \
       JOIN conversations c ON c.id = m.conversation_id WHERE c.user_id = $1 LIMIT 500)",
    "DELETE FROM artifacts WHERE id IN (SELECT a.id FROM artifacts a \
       JOIN conversations c ON c.id = a.conversation_id WHERE c.user_id = $1 LIMIT 500)",
    "UPDATE permission_grants SET is_active = false WHERE is_active AND resource_type = 'conversation' \
       AND resource_id IN (SELECT id FROM conversations WHERE user_id = $1)",
    "DELETE FROM shared_conversations WHERE created_by_user_id = $1 \
       OR conversation_id IN (SELECT id FROM conversations WHERE user_id = $1)",
    "DELETE FROM conversations WHERE id IN (SELECT id FROM conversations WHERE user_id = $1 LIMIT 500)",
    "INSERT INTO erasure_blobs (sha256) SELECT DISTINCT sha256 FROM files WHERE user_id = $1 \
       AND sha256 NOT IN (SELECT sha256 FROM erasure_blobs) ON CONFLICT DO NOTHING",
    "DELETE FROM files WHERE id IN (SELECT id FROM files WHERE user_id = $1 \
       AND sha256 IN (SELECT sha256 FROM erasure_blobs) LIMIT 500)",
    "DELETE FROM permission_requests WHERE user_id = $1",
    "UPDATE permission_requests SET comment = NULL WHERE decided_by = $1 AND comment IS NOT NULL",
    "UPDATE access_campaign_items SET comment = NULL WHERE decided_by_id = $1 AND comment IS NOT NULL",
    "DELETE FROM agent_connectors WHERE agent_id IN (SELECT id FROM agents WHERE owner_user_id = $1)",
    "DELETE FROM agent_versions WHERE agent_id IN (SELECT id FROM agents WHERE owner_user_id = $1)",
    "DELETE FROM issued_tokens WHERE agent_id IN (SELECT id FROM agents WHERE owner_user_id = $1)",
    "DELETE FROM secrets WHERE EXISTS (SELECT 1 FROM agents a WHERE a.owner_user_id = $1 \
       AND a.organization_id = secrets.organization_id AND secrets.ref IN \
       (a.bearer_secret_ref, a.inbound_secret_ref, a.mtls_cert_ref, a.mtls_key_ref))",
    "DELETE FROM agents WHERE owner_user_id = $1",
    "DELETE FROM workflow_versions WHERE workflow_id IN (SELECT id FROM workflows WHERE owner_user_id = $1)",
    "DELETE FROM workflow_schedules WHERE workflow_id IN (SELECT id FROM workflows WHERE owner_user_id = $1)",
    "DELETE FROM workflow_event_triggers WHERE workflow_id IN \
       (SELECT id FROM workflows WHERE owner_user_id = $1)",
    "DELETE FROM workflow_node_stats WHERE (run_id, node_id) IN (SELECT s.run_id, s.node_id \
       FROM workflow_node_stats s JOIN workflows w ON w.id = s.workflow_id WHERE w.owner_user_id = $1 LIMIT 500)",
    "DELETE FROM secrets WHERE EXISTS (SELECT 1 FROM workflow_hooks h JOIN workflows w ON w.id = h.workflow_id \
       WHERE w.owner_user_id = $1 AND h.organization_id = secrets.organization_id AND h.secret_ref = secrets.ref)",
    "DELETE FROM workflow_hook_deliveries WHERE hook_id IN (SELECT h.id FROM workflow_hooks h \
       JOIN workflows w ON w.id = h.workflow_id WHERE w.owner_user_id = $1)",
    "DELETE FROM workflow_hooks WHERE workflow_id IN (SELECT id FROM workflows WHERE owner_user_id = $1)",
    "DELETE FROM resource_tags WHERE resource_id IN (SELECT id FROM workflows WHERE owner_user_id = $1)",
    "DELETE FROM tags WHERE created_by_user_id = $1 AND tag_type = 'custom' \
       AND id NOT IN (SELECT tag_id FROM resource_tags)",
    "DELETE FROM ratings WHERE resource_id IN (SELECT id FROM workflows WHERE owner_user_id = $1)",
    "DELETE FROM canvas_states WHERE owner_user_id = $1",
    "UPDATE canvas_states SET workflow_id = NULL WHERE workflow_id IN \
       (SELECT id FROM workflows WHERE owner_user_id = $1)",
    "DELETE FROM workflows WHERE owner_user_id = $1",
    "DELETE FROM tools WHERE connector_id IN (SELECT id FROM connectors WHERE created_by_user_id = $1)",
    "DELETE FROM connector_versions WHERE connector_id IN \
       (SELECT id FROM connectors WHERE created_by_user_id = $1)",
    "DELETE FROM agent_connectors WHERE connector_id IN \
       (SELECT id FROM connectors WHERE created_by_user_id = $1)",
    "DELETE FROM secrets WHERE EXISTS (SELECT 1 FROM connectors c WHERE c.created_by_user_id = $1 \
       AND c.organization_id = secrets.organization_id AND c.secret_ref = secrets.ref)",
    "DELETE FROM connectors WHERE created_by_user_id = $1",
    "UPDATE issued_tokens SET name = '', metadata = '{}' WHERE user_id = $1 AND name <> ''",
];

/// What an organisation of the person's own held. `$1` is the organisation.
const OWN: [&str; 36] = [
    "DELETE FROM audit_forwards WHERE organization_id = $1",
    "DELETE FROM resource_tags WHERE organization_id = $1",
    "DELETE FROM tags WHERE organization_id = $1",
    "DELETE FROM ratings WHERE organization_id = $1",
    "DELETE FROM messages WHERE organization_id = $1",
    "DELETE FROM artifacts WHERE organization_id = $1",
    "DELETE FROM shared_conversations WHERE organization_id = $1",
    "DELETE FROM conversations WHERE organization_id = $1",
    "DELETE FROM access_campaign_items WHERE organization_id = $1",
    "DELETE FROM access_campaigns WHERE organization_id = $1",
    "DELETE FROM permission_requests WHERE organization_id = $1",
    "DELETE FROM permission_grants WHERE organization_id = $1",
    "DELETE FROM issued_tokens WHERE organization_id = $1",
    "DELETE FROM directory_groups WHERE organization_id = $1",
    "DELETE FROM directories WHERE organization_id = $1",
    "DELETE FROM service_accounts WHERE organization_id = $1",
    "DELETE FROM agent_connectors WHERE agent_id IN (SELECT id FROM agents WHERE organization_id = $1)",
    "DELETE FROM agent_versions WHERE agent_id IN (SELECT id FROM agents WHERE organization_id = $1)",
    "DELETE FROM agents WHERE organization_id = $1",
    "DELETE FROM workflow_versions WHERE workflow_id IN (SELECT id FROM workflows WHERE organization_id = $1)",
    "DELETE FROM workflow_schedules WHERE workflow_id IN (SELECT id FROM workflows WHERE organization_id = $1)",
    "DELETE FROM workflow_event_triggers WHERE workflow_id IN \
       (SELECT id FROM workflows WHERE organization_id = $1)",
    "DELETE FROM workflow_events WHERE organization_id = $1",
    "DELETE FROM workflow_node_stats WHERE (run_id, node_id) IN \
       (SELECT run_id, node_id FROM workflow_node_stats WHERE organization_id = $1 LIMIT 500)",
    "DELETE FROM workflow_hook_deliveries WHERE hook_id IN (SELECT h.id FROM workflow_hooks h \
       JOIN workflows w ON w.id = h.workflow_id WHERE w.organization_id = $1)",
    "DELETE FROM workflow_hooks WHERE workflow_id IN (SELECT id FROM workflows WHERE organization_id = $1)",
    "DELETE FROM canvas_states WHERE organization_id = $1",
    "DELETE FROM workflows WHERE organization_id = $1",
    "DELETE FROM tools WHERE organization_id = $1",
    "DELETE FROM connector_versions WHERE connector_id IN \
       (SELECT id FROM connectors WHERE organization_id = $1)",
    "DELETE FROM connectors WHERE organization_id = $1",
    "DELETE FROM policy_rules WHERE policy_id IN (SELECT id FROM policies WHERE organization_id = $1)",
    "DELETE FROM policy_bindings WHERE policy_id IN (SELECT id FROM policies WHERE organization_id = $1)",
    "DELETE FROM policies WHERE organization_id = $1",
    "DELETE FROM secrets WHERE organization_id = $1",
    "DELETE FROM roles WHERE organization_id = $1",
];

/// Names that are the person's own words in an organisation of theirs whose rows have to stay.
const RENAMED: [&str; 2] = [
    "UPDATE budgets SET name = 'erased-' || created_at WHERE organization_id = $1 AND name NOT LIKE 'erased-%'",
    "UPDATE environments SET name = 'erased', deleted_at = COALESCE(deleted_at, updated_at) \
       WHERE organization_id = $1 AND name <> 'erased'",
];

impl ErasuresTx<'_> {
    /// Notes which runs are to be emptied, once none of them is open; whether it did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gather(&self, erasure: &Erasure) -> Result<()> {
        self.run(GATHER, [Value::from(erasure.user_id.as_uuid())]).await?;
        self.run(
            "UPDATE erasures SET gathered_at = $2 WHERE id = $1 AND gathered_at IS NULL",
            [Value::from(erasure.id.as_uuid()), Value::from(self.tx.clock().now())],
        )
        .await
        .map(drop)
    }

    /// Empties some of the runs that were noted. How many rows that were; none, when nothing is left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn empty_runs(&self, erasure: &Erasure) -> Result<u64> {
        let mut rows = 0;
        for sql in RUNS {
            rows += self.run(sql, [Value::from(erasure.user_id.as_uuid())]).await?;
        }
        self.add_removed(erasure.id, rows).await?;
        Ok(rows)
    }

    /// Removes some of what is left: what the first step that finds anything takes. How many rows that were; none, when
    /// nothing is left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_some(&self, erasure: &Erasure) -> Result<u64> {
        let mut rows = self.first(&REMAINS, erasure.user_id.as_uuid()).await?;
        if rows == 0 {
            rows = self.answers(erasure.user_id).await?;
        }
        for organization in &erasure.organizations {
            if rows == 0 {
                rows = self.own(*organization).await?;
            }
        }
        self.add_removed(erasure.id, rows).await?;
        Ok(rows)
    }

    /// Answers that were kept for requests that come again.
    async fn answers(&self, user: UserId) -> Result<u64> {
        self.run("DELETE FROM idempotency_keys WHERE subject = $1", [Value::from(format!("user:{user}"))])
            .await
    }

    async fn own(&self, organization: OrganizationId) -> Result<u64> {
        match self.first(&OWN, organization.as_uuid()).await? {
            0 => self.first(&RENAMED, organization.as_uuid()).await,
            rows => Ok(rows),
        }
    }

    async fn first(&self, steps: &[&str], id: sea_orm::prelude::Uuid) -> Result<u64> {
        for sql in steps {
            let rows = self.run(sql, [Value::from(id)]).await?;
            if rows > 0 {
                return Ok(rows);
            }
        }
        Ok(0)
    }
}
