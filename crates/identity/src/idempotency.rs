//! First answers of requests that may come again, per person, for a day.

use chrono::TimeDelta;
use conductor_domain::Caller;
use conductor_storage::{Claim, Unscoped};

use crate::{Identity, Result};

/// How long a first answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// No request runs this long: whoever began it is gone.
const GIVEN_UP: TimeDelta = TimeDelta::minutes(10);

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// `Location`, where there was one.
    pub location: Option<String>,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// This request is the first: finish or abandon it.
    First,
    /// The first request still runs.
    InFlight,
    /// The key came with another request.
    Mismatch,
    /// The first answer.
    Answered(Answer),
}

impl Identity {
    /// Claims a key of the caller's for a request.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn claim_key(&self, caller: &Caller, key: &str, request_hash: &str) -> Result<Claimed> {
        let (subject, key, hash) = (caller.principal.subject(), key.to_owned(), request_hash.to_owned());
        let now = self.inner.clock.now();
        let rows = self.inner.store.unscoped(Unscoped::Idempotency);
        let claim = rows
            .write(move |tx| {
                Box::pin(async move {
                    tx.idempotency_keys().claim(&subject, &key, &hash, now - KEPT, now - GIVEN_UP).await
                })
            })
            .await?;
        Ok(match claim {
            Claim::First => Claimed::First,
            Claim::InFlight => Claimed::InFlight,
            Claim::Mismatch => Claimed::Mismatch,
            Claim::Answered { status, body, location } => {
                Claimed::Answered(Answer { status: u16::try_from(status).unwrap_or(200), body, location })
            }
        })
    }

    /// Keeps the first answer.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn finish_key(&self, caller: &Caller, key: &str, answer: Answer) -> Result<()> {
        let (subject, key) = (caller.principal.subject(), key.to_owned());
        let rows = self.inner.store.unscoped(Unscoped::Idempotency);
        let kept = rows.write(move |tx| {
            Box::pin(async move {
                let Answer { status, body, location } = answer;
                tx.idempotency_keys().finish(&subject, &key, i32::from(status), body, location).await
            })
        });
        Ok(kept.await?)
    }

    /// Gives a key back whose request changed nothing.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn abandon_key(&self, caller: &Caller, key: &str) -> Result<()> {
        let (subject, key) = (caller.principal.subject(), key.to_owned());
        let rows = self.inner.store.unscoped(Unscoped::Idempotency);
        let gone = rows
            .write(move |tx| Box::pin(async move { tx.idempotency_keys().abandon(&subject, &key).await }));
        Ok(gone.await?)
    }

    /// Forgets answers that are too old to be asked for; the app calls it from time to time.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn forget_old_keys(&self) -> Result<u64> {
        let before = self.inner.clock.now() - KEPT;
        let rows = self.inner.store.unscoped(Unscoped::Idempotency);
        Ok(rows.write(move |tx| Box::pin(async move { tx.idempotency_keys().forget(before).await })).await?)
    }
}
