//! What a call of the model may cost and has cost, and whether a budget lets it be made.

use chrono::{DateTime, NaiveTime};
use conductor_access::Action;
use conductor_domain::{
    Agent, Caller, EventBody, ModelPrice, NewAuditEvent, NewModelPrice, PriceSource, PricingId, ProblemView,
    Spender, Tokens,
};
use conductor_llm_providers::{ChatRequest, Content, ModelEntry, Reply};
use conductor_runs::{Held, Result};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{Turns, context::Context};

/// Bytes of a text for one token, at least; texts of every language are beyond it.
const BYTES_PER_TOKEN: usize = 2;
/// Bytes of a text for one token where the provider did not count, about.
const USUAL_BYTES_PER_TOKEN: usize = 4;
/// Tokens of a picture, at most.
const IMAGE_TOKENS: usize = 4_000;
/// What a model may write where nobody says how much.
const OUTPUT_TOKENS: u32 = 8_192;

/// A call of the model, with its price at its beginning: a price that changes meanwhile is for later calls.
#[derive(Clone, Debug)]
pub(crate) struct Priced {
    price: Option<ModelPrice>,
    pub(crate) currency: String,
    /// The most that the call can take.
    most: Tokens,
    /// Bytes that the model is told.
    told: usize,
}

impl Priced {
    pub(crate) fn pricing_id(&self) -> Option<PricingId> {
        self.price.as_ref().map(|price| price.id)
    }

    /// What so many tokens cost; nothing where no price is known.
    pub(crate) fn cost(&self, tokens: Tokens) -> i64 {
        self.price.as_ref().map_or(0, |price| price.price.cost(tokens))
    }

    /// What the call took: what the provider counted, and where it was cut before it counted, what was seen of it.
    pub(crate) fn used(&self, reply: &Reply) -> Tokens {
        let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let usage = reply.usage;
        let mut tokens =
            Tokens { input: count(usage.input), output: count(usage.output), cached: count(usage.cached) };
        if reply.content.is_empty() {
            return tokens;
        }
        let about = |bytes: usize| i64::try_from(bytes.div_ceil(USUAL_BYTES_PER_TOKEN)).unwrap_or(i64::MAX);
        if tokens.input == 0 {
            tokens.input = about(self.told);
        }
        if tokens.output == 0 || reply.stopped.is_none() {
            tokens.output = tokens.output.max(about(reply.content.iter().map(bytes).sum()));
        }
        tokens
    }
}

impl Turns {
    /// Stores what the catalogue says that models cost, as far as no administrator has set other prices.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn seed_prices(&self) -> crate::Result<()> {
        let prices = self.models.catalogue().entries().iter().filter_map(price).collect();
        Ok(self.access.prices().seed(prices).await?)
    }

    /// The price of a call, and the most that it can take.
    pub(crate) async fn priced(&self, context: &Context, request: &ChatRequest) -> Result<Priced> {
        let entry = &context.resolved.entry;
        let price = self.access.prices().at(&context.resolved.id, self.store.clock().now()).await?;
        let (told, images) = told(request);
        let written = request.max_tokens.or(entry.max_output_tokens).unwrap_or(OUTPUT_TOKENS);
        let written = written.saturating_add(request.thinking.map_or(0, |thinking| thinking.tokens));
        let input = told.div_ceil(BYTES_PER_TOKEN).saturating_add(images * IMAGE_TOKENS);
        let most =
            Tokens { input: i64::try_from(input).unwrap_or(i64::MAX), output: i64::from(written), cached: 0 };
        let currency =
            price.as_ref().map_or_else(|| entry.currency.clone(), |price| price.price.currency.clone());
        Ok(Priced { price, currency, most, told })
    }

    /// Begins a step: reserves the most that it can cost where a budget counts it, in the transaction that writes its
    /// first event. A refusal is what the reader is told.
    pub(crate) async fn reserve(
        &self,
        held: &Held,
        context: &Context,
        priced: &Priced,
        begins: EventBody,
    ) -> Result<Option<ProblemView>> {
        let EventBody::StepStarted { step_id, .. } = begins else { return Ok(None) };
        let nanos = priced.cost(priced.most);
        let is_counted = nanos > 0 && self.access.budgets().apply(&held.spender()).await?;
        // A run that another has started may be part of one whose workflow limits it.
        let may_be_limited = held.run().parent_run_id.is_some();
        if !is_counted && !may_be_limited {
            held.emit(std::slice::from_ref(&begins)).await?;
            return Ok(None);
        }
        let (currency, run) = (priced.currency.clone(), held.run().id);
        let mut denied = NewAuditEvent::by(
            &context.caller,
            "run.denied",
            Action::AgentExecute.as_str(),
            format!("agent:{}", context.agent.id),
        )
        .on("run", run);
        denied.run_id = Some(run);
        let refusal = held.write(move |tx| {
            Box::pin(async move {
                let costs_in = Some(currency.as_str()).filter(|_| nanos > 0);
                let exceeded = match may_be_limited {
                    true => tx.exceeded(true, costs_in).await?,
                    false => None,
                };
                let refused = match exceeded {
                    Some(refusal) => Err(refusal),
                    None if is_counted => tx.reserve(step_id.as_uuid(), nanos, &currency).await?,
                    None => Ok(()),
                };
                let Err(refusal) = refused else {
                    tx.emit(std::slice::from_ref(&begins)).await?;
                    return Ok(None);
                };
                denied.allowed = false;
                denied.rule_id = Some(refusal.rule());
                denied.denial_reason = Some(refusal.to_string());
                tx.tx.audit().record(denied).await?;
                Ok(Some(refusal))
            })
        });
        Ok(refusal.await?.map(|refusal| {
            metrics::counter!("conductor_budget_refusals_total", "code" => refusal.code()).increment(1);
            // Trying again helps where others' calls hold what is left, or after the period.
            let again = !refusal.is_of_run();
            conductor_runs::problem(refusal.code(), refusal.title(), refusal.to_string(), again)
        }))
    }

    /// Refuses work that could not make its first call: a budget is spent, and the model costs something.
    pub(crate) async fn admit(
        &self,
        caller: &Caller,
        agent: &Agent,
        wanted: Option<&str>,
    ) -> crate::Result<()> {
        let spender = Spender {
            scope: caller.scope,
            agent_id: Some(agent.id),
            user_id: caller.user_id(),
            root_run_id: None,
        };
        let Err(refused) = self.access.budgets().admit(&spender).await else { return Ok(()) };
        if let conductor_access::Error::Budget { refusal, .. } = &refused {
            let extra = self.providers_of(caller).await?;
            let resolved = self.models.resolve(wanted.unwrap_or(&agent.spec.model), &extra);
            let price = self.access.prices().at(&resolved.id, self.store.clock().now()).await?;
            let one = Tokens { input: 1_000, output: 1_000, cached: 0 };
            if price.is_none_or(|price| price.price.cost(one) == 0) {
                return Ok(());
            }
            let (rule, reason) = (format!("budgets/{}", refusal.budget_id), refusal.to_string());
            let facts = crate::facts::facts(agent);
            self.access.refused(caller, Action::AgentExecute, &facts, &rule, &reason).await?;
        }
        Err(refused.into())
    }
}

/// A model of the catalogue as the table of prices has it; one without a known price has none.
fn price(entry: &ModelEntry) -> Option<NewModelPrice> {
    let nanos = |cost: Decimal| (cost * Decimal::from(1_000_000_000)).round().to_i64();
    let since = entry.effective_from.map(|day| day.and_time(NaiveTime::MIN).and_utc());
    Some(NewModelPrice {
        model_name: entry.id.clone(),
        provider: entry.offered_by.first().map(|offer| offer.kind.to_string()).unwrap_or_default(),
        input_nanos_per_1k: nanos(entry.input_cost_per_1k?)?,
        cached_nanos_per_1k: entry.cached_input_cost_per_1k.and_then(nanos),
        output_nanos_per_1k: nanos(entry.output_cost_per_1k?)?,
        currency: entry.currency.clone(),
        effective_from: since.unwrap_or(DateTime::UNIX_EPOCH),
        is_active: true,
        source: PriceSource::Catalogue,
    })
}

/// How much a model is told: bytes of text, and pictures.
fn told(request: &ChatRequest) -> (usize, usize) {
    let mut text = request.system.as_ref().map_or(0, String::len);
    for tool in &request.tools {
        text += tool.name.len() + tool.description.len() + tool.input_schema.to_string().len();
    }
    let content = || request.messages.iter().flat_map(|message| &message.content);
    text += content().map(bytes).sum::<usize>();
    (text, content().filter(|content| matches!(content, Content::Image { .. })).count())
}

fn bytes(content: &Content) -> usize {
    match content {
        Content::Text { text } | Content::Thinking { text, .. } | Content::ToolResult { text, .. } => {
            text.len()
        }
        Content::ToolCall { name, arguments, .. } => name.len() + arguments.to_string().len(),
        Content::RedactedThinking { data } => data.len(),
        Content::Image { .. } => 0,
    }
}
