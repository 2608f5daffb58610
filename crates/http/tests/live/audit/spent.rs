//! The changes of what may be spent: prices and budgets.

use conductor_test_support::Api;
use serde_json::json;

use super::Walk;
use crate::world::text;

pub(super) async fn prices_and_budgets(w: &mut Walk<'_>, admin: &Api, org: &str) {
    let price = json!({
        "model_name": "walked", "input_cost_per_1k": "1", "output_cost_per_1k": "1",
        "effective_from": "2026-01-01T00:00:00Z",
    });
    w.step(admin, "POST /api/v1/pricing/models", &[], price, "pricing.updated").await;
    let budget = json!({ "name": "Walked", "scope": "organization", "period": "month", "limit": "10" });
    let made = w.step(admin, "POST /api/v1/orgs/{org_id}/budgets", &[org], budget, "budget.created").await;
    let id = text(&made["id"]);
    w.step(
        admin,
        "PATCH /api/v1/orgs/{org_id}/budgets/{budget_id}",
        &[org, &id],
        json!({ "limit": "20" }),
        "budget.updated",
    )
    .await;
    w.step(
        admin,
        "DELETE /api/v1/orgs/{org_id}/budgets/{budget_id}",
        &[org, &id],
        json!(null),
        "budget.deleted",
    )
    .await;
}
