//! Whether work may begin now: within the minute's requests of the caller, and within the day's.

use conductor_domain::Caller;

use super::Access;
use crate::{DayStanding, Days, Limit, Result};

impl Access {
    /// Lets a request begin work: within the minute's requests of the caller, and within the day's.
    ///
    /// # Errors
    /// `Limited`, with the limit and when to come back.
    pub async fn begin(&self, caller: &Caller) -> Result<()> {
        self.limits.take(Limit::User(caller.principal.subject()))?;
        self.begin_below(caller).await
    }

    /// Lets a call begin work of its own below a run: within the day's requests of the caller. The minute's, the tool
    /// path has taken for the call.
    ///
    /// # Errors
    /// `Limited`, with the limit and when to come back.
    pub async fn begin_below(&self, caller: &Caller) -> Result<()> {
        match self.per_day(caller).await? {
            Some(most) => self.days.take(caller, most).await,
            None => Ok(()),
        }
    }

    /// How much of the day's calls a caller has used; `None` where nothing limits them.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn day(&self, caller: &Caller) -> Result<Option<DayStanding>> {
        match self.per_day(caller).await? {
            Some(most) => self.days.standing(caller, most).await.map(Some),
            None => Ok(None),
        }
    }

    /// The lowest of what the operator and the caller's roles say.
    async fn per_day(&self, caller: &Caller) -> Result<Option<u32>> {
        let of_roles = self.judge(caller).await?.compiled.calls_per_day(&caller.roles);
        Ok(self.limits.per_day(&caller.roles).into_iter().chain(of_roles).min())
    }

    /// The day's counts, to be written as long as the server runs.
    #[must_use]
    pub fn days(&self) -> &Days {
        &self.days
    }
}
