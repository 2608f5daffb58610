//! Policies with their rules and bindings: always read and written whole, so that no reader meets half a change.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use conductor_domain::{
    AuditEventId, OrganizationId, Page, PageRequest, Policy, PolicyBinding, PolicyId, PolicyRule,
    RecordedDecision, said_of,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DerivePartialModel, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
};

use super::convert::{after_id, json, to_json, word};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::{agent, audit_event, organization, policy, policy_binding, policy_rule, resource_tag, run, tag},
};

/// Entries of the audit log that tell of a decision, together with what was asked.
const RECORDED: [&str; 3] = ["access.denied", "run.denied", "run.finished"];

/// What a backtest needs of an entry; a million of them are read in one.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "audit_event::Entity")]
struct Recorded {
    id: Uuid,
    ts: DateTime<Utc>,
    subject: String,
    action: String,
    target: String,
    user_id: Option<Uuid>,
    run_id: Option<Uuid>,
    personal: Option<serde_json::Value>,
    context: serde_json::Value,
}

/// Policies of the organisation that a caller acts in.
#[derive(Debug)]
pub struct VisiblePolicies<'a> {
    view: View<'a>,
}

impl<'a> VisiblePolicies<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// The organisation's policies, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<Policy>> {
        let mut select = of(self.view.caller.scope.organization_id);
        if let Some(after) = after_id(&page)? {
            select = select.filter(policy::Column::Id.lt(after));
        }
        let rows =
            select.order_by_desc(policy::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        Ok(Page::cut(whole(&self.view.conn, rows).await?, page.limit, |policy| policy.id.to_string()))
    }

    /// A policy.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: PolicyId) -> Result<Option<Policy>> {
        find(&self.view.conn, self.view.caller.scope.organization_id, id).await
    }

    /// Decisions of the organisation that were recorded since `since`, the oldest first, after the entry `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recorded(
        &self,
        since: DateTime<Utc>,
        after: Option<AuditEventId>,
        limit: u64,
    ) -> Result<Vec<RecordedDecision>> {
        let mut select = audit_event::Entity::find()
            .filter(audit_event::Column::OrganizationId.eq(self.view.caller.scope.organization_id.as_uuid()))
            .filter(audit_event::Column::Ts.gte(since))
            .filter(audit_event::Column::EventType.is_in(RECORDED));
        if let Some(after) = after {
            select = select.filter(audit_event::Column::Id.gt(after.as_uuid()));
        }
        let rows = select.order_by_asc(audit_event::Column::Id).limit(limit);
        let rows: Vec<Recorded> = rows.into_partial_model().all(&self.view.conn).await?;
        let calls: Vec<Uuid> = rows.iter().filter_map(|row| row.run_id).collect();
        let inputs = run::Entity::find()
            .select_only()
            .columns([run::Column::Id, run::Column::InputJson])
            .filter(run::Column::Id.is_in(calls))
            .into_tuple::<(Uuid, Option<serde_json::Value>)>();
        let mut inputs: HashMap<Uuid, Option<serde_json::Value>> =
            inputs.all(&self.view.conn).await?.into_iter().collect();
        Ok(rows
            .into_iter()
            .map(|mut row| RecordedDecision {
                id: row.id.into(),
                at: row.ts,
                subject: row.subject,
                action: row.action,
                target: row.target,
                of_person: said_of(row.personal.as_ref(), row.user_id.map(Into::into)),
                asked: row.context.get_mut("asked").map(serde_json::Value::take).unwrap_or_default(),
                arguments: row.run_id.and_then(|id| inputs.remove(&id)).flatten(),
            })
            .collect())
    }

    /// Every policy of the organisation, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&self) -> Result<Vec<Policy>> {
        all(&self.view.conn, self.view.caller.scope.organization_id).await
    }
}

/// Policies of every organisation, for the decision point.
#[derive(Debug)]
pub struct Policies<'a> {
    conn: Conn<'a>,
}

impl<'a> Policies<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// Every policy of an organisation, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, organization: OrganizationId) -> Result<Vec<Policy>> {
        all(&self.conn, organization).await
    }

    /// The tags of an organisation's agents and of Conductor's, and those that the organisation has given, by what has
    /// them, as decisions name it: `workflow:0192…`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tags(&self, organization: OrganizationId) -> Result<HashMap<String, Vec<String>>> {
        let given = resource_tag::Entity::find()
            .filter(resource_tag::Column::OrganizationId.eq(organization.as_uuid()))
            .rows(self.conn)
            .await?;
        let words = tag::Entity::find()
            .filter(tag::Column::OrganizationId.eq(organization.as_uuid()))
            .rows(self.conn)
            .await?;
        let words: HashMap<Uuid, String> = words.into_iter().map(|word| (word.id, word.tag_name)).collect();
        let mut tags: HashMap<String, Vec<String>> = HashMap::new();
        for row in given {
            if let Some(word) = words.get(&row.tag_id) {
                tags.entry(format!("{}:{}", row.resource_type, row.resource_id))
                    .or_default()
                    .push(word.clone());
            }
        }
        let agents = agent::Entity::find()
            .select_only()
            .columns([agent::Column::Id, agent::Column::Tags])
            .filter(
                agent::Column::OrganizationId
                    .eq(organization.as_uuid())
                    .or(agent::Column::IsOfficial.eq(true)),
            )
            .into_tuple::<(Uuid, serde_json::Value)>();
        for (id, words) in agents.all(&self.conn).await? {
            let words: Vec<String> = json("agents.tags", words)?;
            if !words.is_empty() {
                tags.entry(format!("agent:{id}")).or_default().extend(words);
            }
        }
        Ok(tags)
    }

    /// How often the rules and the grants of an organisation have changed. `None` where there is no such organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn version(&self, organization: OrganizationId) -> Result<Option<(i64, i64)>> {
        let version = organization::Entity::find_by_id(organization.as_uuid())
            .select_only()
            .columns([organization::Column::PolicyVersion, organization::Column::GrantVersion])
            .into_tuple::<(i64, i64)>();
        Ok(version.one(&self.conn).await?)
    }
}

/// Policies of one tenant, inside a write.
#[derive(Debug)]
pub struct PoliciesTx<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> PoliciesTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// A policy, as it is in this transaction.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such policy.
    pub async fn get(&self, id: PolicyId) -> Result<Policy> {
        find(&self.tx.tx.conn(), self.tx.scope.organization_id, id).await?.ok_or(Error::NotFound)
    }

    /// Writes a policy whole, whatever it says of organisation, version and times: what it leaves out is gone.
    ///
    /// # Errors
    /// `NameTaken` when the organisation has another one of this name.
    pub async fn put(&self, policy: Policy) -> Result<Policy> {
        let (conn, now, id) = (self.tx.tx.conn(), self.tx.clock().now(), policy.id.as_uuid());
        let stored = self.row(policy.id).await?;
        let row = policy::ActiveModel {
            id: Set(id),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(policy.environment_id.map(Into::into)),
            name: Set(policy.name),
            description: Set(policy.description),
            version: Set(stored.as_ref().map_or(1, |row| row.version + 1)),
            mode: Set(policy.mode.as_str().to_owned()),
            is_active: Set(policy.is_active),
            is_baseline: Set(policy.is_baseline),
            rules_json: Set(to_json("policies.rules_json", &policy.rules)?),
            created_at: Set(stored.as_ref().map_or(now, |row| row.created_at)),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        match stored {
            Some(_) => row.update(&conn).await?,
            None => row.insert(&conn).await?,
        };
        self.put_rules(id, policy.rules).await?;
        self.put_bindings(id, policy.bindings).await?;
        self.changed().await?;
        self.get(policy.id).await
    }

    /// Marks a policy as deleted; its name is free again.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such policy.
    pub async fn delete(&self, id: PolicyId) -> Result<()> {
        let mut row: policy::ActiveModel = self.row(id).await?.ok_or(Error::NotFound)?.into();
        row.deleted_at = Set(Some(self.tx.clock().now()));
        row.update(&self.tx.tx.conn()).await?;
        self.changed().await
    }

    /// Tells every server, once this is committed, that what decides in the organisation has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changed(&self) -> Result<()> {
        organization::Entity::update_many()
            .col_expr(
                organization::Column::PolicyVersion,
                Expr::col(organization::Column::PolicyVersion).add(1),
            )
            .filter(organization::Column::Id.eq(self.tx.scope.organization_id.as_uuid()))
            .exec(&self.tx.tx.conn())
            .await?;
        Ok(())
    }

    async fn row(&self, id: PolicyId) -> Result<Option<policy::Model>> {
        let select = of(self.tx.scope.organization_id).filter(policy::Column::Id.eq(id.as_uuid()));
        Ok(select.one(&self.tx.tx.conn()).await?)
    }

    async fn put_rules(&self, policy: Uuid, rules: Vec<PolicyRule>) -> Result<()> {
        let conn = self.tx.tx.conn();
        policy_rule::Entity::delete_many()
            .filter(policy_rule::Column::PolicyId.eq(policy))
            .exec(&conn)
            .await?;
        let rows: Vec<policy_rule::ActiveModel> = rules
            .into_iter()
            .map(|rule| {
                Ok(policy_rule::ActiveModel {
                    id: Set(rule.id.as_uuid()),
                    policy_id: Set(policy),
                    action: Set(rule.action),
                    target: Set(rule.target),
                    effect: Set(rule.effect.as_str().to_owned()),
                    conditions: Set(rule.conditions),
                    obligations: Set(to_json("policy_rules.obligations", &rule.obligations)?),
                    created_at: Set(rule.created_at),
                })
            })
            .collect::<Result<_>>()?;
        if !rows.is_empty() {
            policy_rule::Entity::insert_many(rows).exec_without_returning(&conn).await?;
        }
        Ok(())
    }

    async fn put_bindings(&self, policy: Uuid, bindings: Vec<PolicyBinding>) -> Result<()> {
        let conn = self.tx.tx.conn();
        let of_policy = policy_binding::Column::PolicyId.eq(policy);
        policy_binding::Entity::delete_many().filter(of_policy).exec(&conn).await?;
        let rows: Vec<policy_binding::ActiveModel> = bindings
            .into_iter()
            .map(|binding| policy_binding::ActiveModel {
                id: Set(binding.id.as_uuid()),
                policy_id: Set(policy),
                scope_type: Set(binding.scope_type.as_str().to_owned()),
                scope_id: Set(binding.scope_id),
                priority: Set(binding.priority),
                created_at: Set(binding.created_at),
            })
            .collect();
        if !rows.is_empty() {
            policy_binding::Entity::insert_many(rows).exec_without_returning(&conn).await?;
        }
        Ok(())
    }
}

fn of(organization: OrganizationId) -> sea_orm::Select<policy::Entity> {
    policy::Entity::find()
        .filter(policy::Column::DeletedAt.is_null())
        .filter(policy::Column::OrganizationId.eq(organization.as_uuid()))
}

async fn find(conn: &Conn<'_>, organization: OrganizationId, id: PolicyId) -> Result<Option<Policy>> {
    let row = of(organization).filter(policy::Column::Id.eq(id.as_uuid())).one(conn).await?;
    Ok(whole(conn, row.into_iter().collect()).await?.pop())
}

async fn all(conn: &Conn<'_>, organization: OrganizationId) -> Result<Vec<Policy>> {
    let rows = of(organization).order_by_asc(policy::Column::Id).all(conn).await?;
    whole(conn, rows).await
}

/// Policies with what belongs to them, in the order of the rows.
async fn whole(conn: &Conn<'_>, rows: Vec<policy::Model>) -> Result<Vec<Policy>> {
    let ids: HashSet<Uuid> = rows.iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut rules: HashMap<Uuid, Vec<PolicyRule>> = HashMap::new();
    let select = policy_rule::Entity::find().filter(policy_rule::Column::PolicyId.is_in(ids.clone()));
    for row in select.order_by_asc(policy_rule::Column::Id).all(conn).await? {
        rules.entry(row.policy_id).or_default().push(row.try_into()?);
    }
    let mut bindings: HashMap<Uuid, Vec<PolicyBinding>> = HashMap::new();
    let select = policy_binding::Entity::find().filter(policy_binding::Column::PolicyId.is_in(ids));
    for row in select.order_by_asc(policy_binding::Column::Id).all(conn).await? {
        bindings.entry(row.policy_id).or_default().push(row.try_into()?);
    }
    rows.into_iter()
        .map(|row| {
            Ok(Policy {
                rules: rules.remove(&row.id).unwrap_or_default(),
                bindings: bindings.remove(&row.id).unwrap_or_default(),
                id: row.id.into(),
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.map(Into::into),
                name: row.name,
                description: row.description,
                version: row.version,
                mode: word("policies.mode", &row.mode)?,
                is_active: row.is_active,
                is_baseline: row.is_baseline,
                created_at: row.created_at,
                updated_at: row.updated_at,
            })
        })
        .collect()
}

impl TryFrom<policy_rule::Model> for PolicyRule {
    type Error = Error;

    fn try_from(row: policy_rule::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            action: row.action,
            target: row.target,
            effect: word("policy_rules.effect", &row.effect)?,
            conditions: row.conditions,
            obligations: json("policy_rules.obligations", row.obligations)?,
            created_at: row.created_at,
        })
    }
}

impl TryFrom<policy_binding::Model> for PolicyBinding {
    type Error = Error;

    fn try_from(row: policy_binding::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            scope_type: word("policy_bindings.scope_type", &row.scope_type)?,
            scope_id: row.scope_id,
            priority: row.priority,
            created_at: row.created_at,
        })
    }
}
