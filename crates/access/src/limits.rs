//! Token buckets in a chain: per person, per agent and tool, per connector, per hook and address, per address that
//! begins to sign in.
//!
//! A refusal names the limit and says when to come back.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use conductor_domain::{Clock, LimitPolicy};

use crate::{Error, Result};

/// Buckets that are full again are forgotten once there are this many.
const SWEEP_AT: usize = 10_000;

/// Calls per minute; also how many may come at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsOptions {
    /// Requests that start work, per person.
    pub per_user: u32,
    /// Calls of one tool by one agent.
    pub per_agent_tool: u32,
    /// Calls on one connector.
    pub per_connector: u32,
    /// Deliveries to one hook by one address.
    pub per_hook: u32,
    /// Looks at public links by one address.
    pub per_share: u32,
    /// Sign-ins with a provider that an address begins.
    pub per_sign_in: u32,
    /// Requests that start work, per person and day; nobody is held to 0.
    pub per_user_day: u32,
    /// The same by role, such as `platform:guest`; of those that somebody has, the lowest counts.
    pub per_role_day: std::collections::BTreeMap<String, u32>,
}

impl Default for LimitsOptions {
    fn default() -> Self {
        Self {
            per_user: 600,
            per_agent_tool: 120,
            per_connector: 600,
            per_hook: 300,
            per_share: 60,
            per_sign_in: 60,
            per_user_day: 0,
            per_role_day: std::collections::BTreeMap::new(),
        }
    }
}

/// Which bucket a call takes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Requests that start work, per person.
    User(String),
    /// Calls of one tool by one agent.
    AgentTool(String, String),
    /// Calls on one connector.
    Connector(String),
    /// Deliveries to a hook by an address, before anything is known of either. Of the hook the last byte of its id
    /// counts: ids that are made up fill no memory, and are held back like those that exist.
    Hook(u8, IpAddr),
    /// Looks at public links by an address, before anything is known of either.
    Share(IpAddr),
    /// Sign-ins with a provider that an address begins: each leaves a row until it is over, and asks a provider.
    SignIn(IpAddr),
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: DateTime<Utc>,
}

/// The buckets of one process.
#[derive(Debug)]
pub struct Limits {
    options: LimitsOptions,
    clock: Arc<dyn Clock>,
    buckets: Mutex<HashMap<Limit, Bucket>>,
}

impl Limits {
    pub(crate) fn new(options: LimitsOptions, clock: Arc<dyn Clock>) -> Self {
        Self { options, clock, buckets: Mutex::default() }
    }

    /// The day's calls of whoever has these roles, beside what an organisation's own roles say; `None` is no limit.
    pub(crate) fn per_day(&self, roles: &[String]) -> Option<u32> {
        let default = Some(self.options.per_user_day).filter(|most| *most > 0);
        let by_role = roles.iter().filter_map(|role| self.options.per_role_day.get(role).copied());
        by_role.chain(default).min()
    }

    /// Takes one token.
    ///
    /// # Errors
    /// `Limited` when the bucket is empty.
    pub fn take(&self, limit: Limit) -> Result<()> {
        let (name, capacity, which) = match &limit {
            Limit::User(_) => ("user", self.options.per_user, "requests per minute for you".to_owned()),
            Limit::AgentTool(_, tool) => (
                "agent_tool",
                self.options.per_agent_tool,
                format!("calls of {tool} per minute by this agent"),
            ),
            Limit::Connector(_) => {
                ("connector", self.options.per_connector, "calls per minute on this connector".to_owned())
            }
            Limit::Hook(..) => {
                ("hook", self.options.per_hook, "deliveries per minute to this hook".to_owned())
            }
            Limit::Share(_) => (
                "share",
                self.options.per_share,
                "looks at public links per minute from this address".to_owned(),
            ),
            Limit::SignIn(_) => {
                ("sign_in", self.options.per_sign_in, "sign-ins per minute from this address".to_owned())
            }
        };
        let policy = LimitPolicy { name, quota: u64::from(capacity), window: Duration::from_secs(60) };
        let capacity = f64::from(capacity);
        let now = self.clock.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= SWEEP_AT {
            buckets.retain(|_, bucket| (now - bucket.at).num_seconds() < 60);
        }
        let bucket = buckets.entry(limit).or_insert(Bucket { tokens: capacity, at: now });
        let elapsed = (now - bucket.at).as_seconds_f64().max(0.0);
        bucket.tokens = capacity.min(bucket.tokens + elapsed * capacity / 60.0);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - bucket.tokens) * 60.0 / capacity.max(f64::MIN_POSITIVE);
        Err(Error::Limited { which, retry_after: Duration::from_secs_f64(wait.clamp(0.001, 60.0)), policy })
    }
}

/// Whom an address stands for in a limit: whoever has one IPv6 address usually has 2^64 of them.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let bits = u128::from(v6) >> 64 << 64;
            IpAddr::V6(bits.into())
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use conductor_domain::FixedClock;

    use super::*;

    #[test]
    fn an_empty_bucket_says_when_to_come_back_and_fills_again() {
        let clock = FixedClock::at(DateTime::UNIX_EPOCH);
        let options = LimitsOptions { per_user: 2, ..LimitsOptions::default() };
        let limits = Limits::new(options, Arc::clone(&clock) as Arc<dyn Clock>);
        let limit = || Limit::User("someone".to_owned());

        assert!(limits.take(limit()).is_ok());
        assert!(limits.take(limit()).is_ok());
        let Err(Error::Limited { retry_after, .. }) = limits.take(limit()) else { panic!("not limited") };
        assert_eq!(retry_after, Duration::from_secs(30));

        clock.advance(chrono::Duration::seconds(30));
        assert!(limits.take(limit()).is_ok());
        assert!(limits.take(limit()).is_err());
        assert!(limits.take(Limit::User("someone else".to_owned())).is_ok());
    }
}
