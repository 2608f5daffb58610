//! A person takes away what is theirs: everything that an erasure would remove, as lines of JSON, streamed.
//!
//! It is asked for like an erasure, by the person's own password and second factor: whoever finds an open browser is not to
//! take a whole life out of it. Nobody takes what is another person's; an administrator has no way to it either.

use std::time::Duration;

use chrono::TimeDelta;
use conductor_access::{Action, Facts};
use conductor_domain::{Caller, LimitPolicy};
use conductor_storage::{BELONGINGS, Piece, Unscoped};
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};

use crate::{Error, Identity, Proof, Result, identity::done, mfa::at_code};

/// What each of them writes into the audit log.
const EXPORTED: &str = "account.exported";
/// How often in a day.
const MOST: u64 = 5;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Rows that are read at once.
const PAGE: u64 = 500;

impl Identity {
    /// Everything that is the caller's own, line by line: first whose it is, then `{ "table", "row" }`, at last that it is
    /// complete. What is labelled above the caller's clearance is named, and not told.
    ///
    /// # Errors
    /// `PeopleOnly`; `Invalid` for a wrong password or code; `Limited`; a refusal. All of them before the first line.
    pub async fn export(
        &self,
        caller: &Caller,
        proof: Proof,
    ) -> Result<impl Stream<Item = Result<String>> + Send + use<>> {
        let (asking, code) = self.proved(caller, proof).await?;
        let user = asking.id;
        let facts = Facts::new(format!("user:{user}"), caller.scope).owned_by(Some(user));
        self.inner.access.require(caller, Action::UserRead, &facts).await?;
        let now = self.inner.clock.now();
        let rows = self.inner.store.unscoped(Unscoped::Export);
        if rows.belongings().entries_since(user, EXPORTED, now - TimeDelta::days(1)).await? >= MOST {
            // The password was right: it is not held against the account.
            self.inner.limiter.succeed(&asking.email, caller.address);
            return Err(Error::Access(conductor_access::Error::Limited {
                which: format!("{MOST} exports of your own data per day"),
                retry_after: DAY,
                policy: LimitPolicy { name: "export", quota: MOST, window: DAY },
            }));
        }
        let (audit, scope) = (done(caller, EXPORTED, format!("user:{user}")).on("user", user), caller.scope);
        rows.write(move |tx| {
            Box::pin(async move {
                if let Some(code) = code {
                    let mut mfa = tx.users().hold_mfa(user).await?.ok_or(Error::MfaMissing)?;
                    code.spend(&mut mfa).map_err(at_code)?;
                    tx.users().set_mfa(user, Some(&mfa)).await?;
                }
                tx.scoped(scope).audit().record(audit).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
        self.inner.limiter.succeed(&asking.email, caller.address);

        let first = json!({
            "export": "conductor.account/1", "user_id": user, "email": asking.email,
            "at": now.to_rfc3339(),
        });
        let (identity, clearance) = (self.clone(), caller.clearance);
        let pages = stream::try_unfold((0_usize, 0_u64), move |(mut at, mut from)| {
            let identity = identity.clone();
            async move {
                while let Some(table) = BELONGINGS.get(at) {
                    let rows = identity.inner.store.unscoped(Unscoped::Export).belongings();
                    let rows = rows.rows(table, Piece { user, clearance, from, limit: PAGE }).await?;
                    let more = rows.len() as u64 == PAGE;
                    (at, from) = if more { (at, from + PAGE) } else { (at + 1, 0) };
                    if !rows.is_empty() {
                        let lines = rows.into_iter().map(|row| line(&told(table, row))).collect::<String>();
                        return Ok(Some((lines, (at, from))));
                    }
                }
                Ok::<_, Error>(None)
            }
        });
        // Without its last line a file is known to have been cut.
        let (first, last) = (line(&first), line(&json!({ "complete": true })));
        Ok(stream::once(async { Ok(first) }).chain(pages).chain(stream::once(async { Ok(last) })))
    }
}

/// A row with its table; of a file, where its bytes are.
fn told(table: &str, mut row: Value) -> Value {
    if table == "files"
        && let Some(id) = row["id"].as_str().map(str::to_owned)
        && row.get("withheld").is_none()
    {
        row["content_url"] = json!(format!("/api/files/{id}/content"));
    }
    json!({ "table": table, "row": row })
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}
