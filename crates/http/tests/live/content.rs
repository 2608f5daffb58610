//! Conversations in one line each, and how to read lists and problems.

use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::world::{World, text};

/// A password that is long enough.
const PASSWORD: &str = "correct horse battery staple";

impl World {
    /// Someone of the administrator's organisation, in this role.
    pub(crate) async fn colleague(&self, email: &str, role: &str) -> Api {
        let path = format!("/api/v1/orgs/{}/members", self.organization(&self.admin).await);
        let invited =
            self.admin.post(&path, json!({ "email": email, "role": role })).await.status(201).json();
        let link = text(&invited["invite_link"]);
        let token = link.split("token=").nth(1).unwrap_or_else(|| panic!("no token in {link}"));
        let body = json!({ "token": token, "password": PASSWORD, "name": "Colleague" });
        let session = self.admin.anonymous().post("/api/auth/invite/accept", body).await.ok();
        self.admin.signed_in(&session)
    }

    /// Opens a conversation of the administrator's with the demo model.
    pub(crate) async fn open(&self) -> String {
        text(&self.admin.post("/api/conversations", json!({ "model": "demo" })).await.created()["id"])
    }

    /// Says something and waits for the end of the answer; what was sent comes back.
    pub(crate) async fn say(&self, conversation: &str, content: &str) -> Value {
        let path = format!("/api/conversations/{conversation}/messages");
        let sent = self.admin.post(&path, json!({ "content": content })).await.created();
        self.finished(&sent).await;
        sent
    }

    /// Waits for the end of a run that was started; it must end well.
    pub(crate) async fn finished(&self, started: &Value) {
        let mut events = self.admin.events(&text(&started["run"]["id"]), 0).await;
        let last = events.until("run.finished").await;
        assert_eq!(last.data["status"], "succeeded", "{:?}", last.data);
    }

    /// The messages of the branch that is shown.
    pub(crate) async fn messages(&self, conversation: &str) -> Vec<Value> {
        let path = format!("/api/conversations/{conversation}/messages?limit=100");
        let page = self.admin.get(&path).await.ok();
        page["items"].as_array().cloned().unwrap_or_default()
    }
}

/// The values of one field of a list's items.
#[track_caller]
pub(crate) fn column(page: &Value, field: &str) -> Vec<Value> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page} is no page"));
    items.iter().map(|item| item[field].clone()).collect()
}

/// The pointers of a problem's errors.
#[track_caller]
pub(crate) fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{problem} names no field"));
    errors.iter().filter_map(|error| error["pointer"].as_str()).collect()
}
