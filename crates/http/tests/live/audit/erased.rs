//! The walk ends with erasures: of others, and of oneself.

use conductor_test_support::Api;
use serde_json::json;

use super::{PASSWORD, Walk};
use crate::world::text;

/// An erasure is one entry where it is asked for; that what is left is gone is told later, by the platform.
pub(super) async fn people(w: &mut Walk<'_>, admin: &Api) {
    let proof = json!({ "password": PASSWORD });
    w.step(admin, "POST /api/auth/export", &[], proof.clone(), "account.exported").await;
    let grace = w.world.colleague("erased@example.com", "member").await;
    let id = text(&grace.get("/api/auth/me").await.ok()["user"]["id"]);
    w.news().await;
    w.step(admin, "POST /api/users/{user_id}/erase", &[&id], proof.clone(), "account.erased").await;
    let olga = w.world.colleague("herself@example.com", "member").await;
    w.news().await;
    w.step(&olga, "POST /api/auth/erase", &[], proof, "account.erased").await;
}
