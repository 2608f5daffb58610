//! What the expressions of a node may read: inputs, variables, surroundings, and what other nodes gave.

use chrono::{DateTime, Utc};
use conductor_domain::{CONTEXT_OF_RUNS, Caller, Organization, Run, RunId, RunTrigger, UserId};
use conductor_storage::{Store, Unscoped};
use conductor_workflow_graph::{Config, Fuel, Graph, Scope, expression};
use serde_json::{Map, Value, json};

use crate::executions::{CONTEXT, TRIGGER};

use super::{
    plan::{NodeIndex, Plan},
    state::{Standing, State, sees},
};

/// What does not change while a run goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) input: Value,
    pub(crate) context: Value,
    pub(crate) env: Value,
    pub(crate) preferences: Value,
}

/// What is known of how a run was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started<'a> {
    pub(crate) id: RunId,
    pub(crate) scope: conductor_domain::Scope,
    pub(crate) trigger: RunTrigger,
    pub(crate) at: DateTime<Utc>,
    pub(crate) user_id: Option<UserId>,
    pub(crate) version: Option<i32>,
    pub(crate) input: Option<&'a Value>,
}

impl<'a> From<&'a Run> for Started<'a> {
    fn from(run: &'a Run) -> Self {
        Self {
            id: run.id,
            scope: run.scope,
            trigger: run.trigger,
            at: run.queued_at,
            user_id: run.user_id,
            version: run.workflow_version,
            input: run.input.as_ref(),
        }
    }
}

impl Surroundings {
    /// What surrounds a run of a graph, as it is now.
    pub(crate) async fn of(
        store: &Store,
        caller: &Caller,
        run: impl Into<Started<'_>>,
        graph: &Graph,
        env: &Map<String, Value>,
    ) -> conductor_storage::Result<Self> {
        let run = run.into();
        let organization = store.visible_to(caller).organizations().find(run.scope.organization_id).await?;
        let user = match run.user_id {
            Some(user) => store.unscoped(Unscoped::SignIn).users().find(user).await?,
            None => None,
        };
        // A run reads what was said when it began: whoever looks at it again sees it go the same ways.
        let said = match run.input.and_then(|input| input.get(CONTEXT)) {
            Some(said) => said.clone(),
            None => organization.as_ref().map(said).map(Value::Object).unwrap_or_default(),
        };
        let organization = organization.map(|organization| json!({ "name": organization.name }));
        // Runs that were started before it was written down have it nearly so in their row.
        let trigger = run.input.and_then(|input| input.get(TRIGGER)).cloned();
        let trigger = trigger.unwrap_or_else(|| json!({ "kind": run.trigger, "at": run.at }));
        let own = json!({
            "run": { "id": run.id, "trigger": run.trigger },
            "trigger": trigger,
            "workflow": { "name": graph.name, "version": run.version },
            "organization": organization,
            "user": user.as_ref().map(|user| json!({ "id": user.id, "name": user.name, "email": user.email })),
        });
        let input = run.input.and_then(|input| input.get("inputs")).cloned();
        Ok(Self {
            input: input.unwrap_or_else(|| Value::Object(Map::new())),
            context: beside(own, said),
            env: Value::Object(env.clone()),
            preferences: user.map(|user| user.preferences).unwrap_or_default(),
        })
    }
}

/// What a run says of itself, with what its organisation says beside that. Of what is the run's, the organisation changes
/// nothing, whatever its row holds.
fn beside(own: Value, said: Value) -> Value {
    let mut context = own;
    if let (Value::Object(fields), Value::Object(said)) = (&mut context, said) {
        for (name, value) in said.into_iter().filter(|(name, _)| !CONTEXT_OF_RUNS.contains(&name.as_str())) {
            fields.entry(name).or_insert(value);
        }
    }
    context
}

/// What an organisation says for its workflows: its context, in which the company is the organisation itself unless it says
/// another.
pub(crate) fn said(organization: &Organization) -> Map<String, Value> {
    let mut said = organization.context_extra.as_object().cloned().unwrap_or_default();
    let mut company = Map::from_iter([("name".to_owned(), json!(organization.name))]);
    if let Some(Value::Object(more)) = said.remove("company") {
        company.extend(more);
    }
    said.insert("company".to_owned(), Value::Object(company));
    said
}

/// The values that a node reads, held together for as long as its expressions are evaluated.
pub(crate) struct View<'a> {
    plan: &'a Plan,
    state: &'a State,
    around: &'a Surroundings,
    iteration: &'a [i32],
    variables: Value,
    context: Value,
    now: String,
    /// What the node itself is about to give.
    giving: Option<(NodeIndex, &'a Value)>,
}

impl<'a> View<'a> {
    /// What is seen in a body in one round, or for one item. `remarks` are what somebody said who sent the work back.
    pub(crate) fn new(
        plan: &'a Plan,
        state: &'a State,
        around: &'a Surroundings,
        owner: Option<NodeIndex>,
        iteration: &'a [i32],
        now: DateTime<Utc>,
    ) -> Self {
        let mut variables = plan.graph.variables.clone();
        let owners: Vec<NodeIndex> = match owner {
            Some(owner) => plan.owners(owner).into_iter().chain([owner]).collect(),
            None => Vec::new(),
        };
        let mut rounds = Map::new();
        for (depth, owner) in owners.into_iter().enumerate() {
            let Some(number) = iteration.get(depth) else { break };
            if let Config::Map(map) = &plan.node(owner).config {
                let item = item(plan, state, owner, &iteration[..depth], *number);
                variables.insert(map.item().to_owned(), item);
            }
            rounds.insert(plan.node(owner).id.clone(), Value::from(*number));
        }
        let mut context = around.context.clone();
        if let Value::Object(fields) = &mut context
            && !rounds.is_empty()
        {
            fields.insert("iteration".to_owned(), Value::Object(rounds));
        }
        let now = now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        Self {
            plan,
            state,
            around,
            iteration,
            variables: Value::Object(variables),
            context,
            now,
            giving: None,
        }
    }

    /// The same, with what a node is about to give.
    pub(crate) fn giving(mut self, node: NodeIndex, output: &'a Value) -> Self {
        self.giving = Some((node, output));
        self
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        let mut scope = Scope::new()
            .input(&self.around.input)
            .context(&self.context)
            .env(&self.around.env)
            .preferences(&self.around.preferences)
            .variables(&self.variables)
            .now(&self.now);
        for node in &self.plan.graph.nodes {
            scope = scope.skipped(&node.id, node.name.as_deref());
        }
        for given in self.state.given.iter().filter(|given| sees(self.plan, self.iteration, &given.place)) {
            let node = self.plan.node(given.place.node);
            scope = scope.step(&node.id, node.name.as_deref(), &given.output);
        }
        if let Some((node, output)) = self.giving {
            let node = self.plan.node(node);
            scope = scope.step(&node.id, node.name.as_deref(), output);
        }
        scope
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&self, text: &str) -> Result<bool, expression::Error> {
        conductor_workflow_graph::Expression::parse(text)?.holds(&self.scope(), &mut Fuel::default())
    }

    /// The value of an expression.
    pub(crate) fn value(&self, text: &str) -> Result<Value, expression::Error> {
        conductor_workflow_graph::Expression::parse(text)?.evaluate(&self.scope(), &mut Fuel::default())
    }

    /// A value with all its templates evaluated.
    pub(crate) fn fill(&self, value: &Value) -> Result<Value, expression::Error> {
        expression::evaluate_value(value, &self.scope(), &mut Fuel::default())
    }

    /// The same for the fields of an object.
    pub(crate) fn fields(
        &self,
        fields: &Map<String, Value>,
    ) -> Result<Map<String, Value>, expression::Error> {
        expression::evaluate_fields(fields, &self.scope(), &mut Fuel::default())
    }

    /// The parts of a text with their values, for whoever binds values instead of writing them into it.
    pub(crate) fn pieces(&self, text: &str) -> Result<Vec<expression::Piece>, expression::Error> {
        conductor_workflow_graph::Template::parse(text)?.pieces(&self.scope(), &mut Fuel::default())
    }

    /// A template as a text.
    pub(crate) fn text(&self, template: &str) -> Result<String, expression::Error> {
        let value = self.fill(&Value::String(template.to_owned()))?;
        Ok(match value {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        })
    }

    /// What bare names mean, the stronger later: fields of what nodes gave, inputs, variables.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &Value)> {
        let seen = self.state.given.iter().filter(|given| sees(self.plan, self.iteration, &given.place));
        let given = seen.flat_map(|given| [given.output.get("data"), Some(given.output.as_ref())]).flatten();
        let objects = given.chain([&self.around.input, &self.variables]);
        objects.filter_map(Value::as_object).flatten().map(|(name, value)| (name.as_str(), value))
    }

    /// The node's own last output, before it was sent back.
    pub(crate) fn before(&self, node: NodeIndex) -> Option<&Value> {
        self.state.output(self.plan, node, self.iteration).map(std::sync::Arc::as_ref)
    }
}

/// An item of the list that a map goes through.
fn item(plan: &Plan, state: &State, owner: NodeIndex, outer: &[i32], number: i32) -> Value {
    let place = super::state::Place { node: owner, iteration: outer.to_vec() };
    let Some(Standing::Running { input: Some(Value::Array(items)), .. }) = state.standing(plan, &place)
    else {
        return Value::Null;
    };
    let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    at.and_then(|at| items.get(at)).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_says_nothing_of_what_is_the_runs() {
        let own =
            json!({ "run": { "id": 1 }, "trigger": null, "workflow": {}, "organization": {}, "user": null });
        let said: Map<String, Value> =
            CONTEXT_OF_RUNS.iter().map(|name| ((*name).to_owned(), json!("forged"))).collect();
        let context = beside(own.clone(), Value::Object(said));
        assert_eq!(context, own);
        let context = beside(own, json!({ "currency": "EUR", "run": { "id": 2 } }));
        assert_eq!((&context["currency"], &context["run"]), (&json!("EUR"), &json!({ "id": 1 })));
    }
}
