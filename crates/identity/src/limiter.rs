//! How often a sign-in may fail: per account and per address, with locks that grow.
//!
//! An attempt counts as failed from its start and is taken back when it succeeds, so that many at once count as many.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use conductor_access::network;
use conductor_domain::Clock;

use crate::{Error, Result, SignInLimits};

/// Names kept at most; quiet ones are forgotten first.
const CAPACITY: usize = 50_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    Account(String),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: DateTime<Utc>,
    locked_until: Option<DateTime<Utc>>,
}

/// The counters of one process.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: SignInLimits,
    clock: Arc<dyn Clock>,
    failures: Mutex<HashMap<Name, Failures>>,
}

impl Limiter {
    pub(crate) fn new(limits: SignInLimits, clock: Arc<dyn Clock>) -> Self {
        Self { limits, clock, failures: Mutex::default() }
    }

    /// Counts an attempt before it is looked at, or refuses it unseen.
    pub(crate) fn begin(&self, account: &str, address: Option<IpAddr>) -> Result<()> {
        let now = self.clock.now();
        let names = names(account, address);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for name in &names {
            let locked =
                failures.get(name).and_then(|failures| failures.locked_until).filter(|until| *until > now);
            if let Some(until) = locked {
                let retry_after = (until - now).to_std().unwrap_or(Duration::from_secs(1));
                return Err(Error::Limited { retry_after });
            }
        }
        if failures.len() >= CAPACITY {
            let memory = delta(self.limits.memory);
            failures.retain(|_, failures| now - failures.last < memory);
        }
        for name in names {
            let allowed = match name {
                Name::Account(_) => self.limits.per_account,
                Name::Address(_) => self.limits.per_address,
            };
            let entry = failures.entry(name).or_insert(Failures { count: 0, last: now, locked_until: None });
            if now - entry.last >= delta(self.limits.memory) {
                entry.count = 0;
            }
            entry.count = entry.count.saturating_add(1);
            entry.last = now;
            entry.locked_until = entry.count.checked_sub(allowed).map(|beyond| now + self.lock(beyond));
        }
        Ok(())
    }

    /// Takes an attempt back that was no failure and no success either: a right password without the code that must
    /// come with it. It forgives nothing else, so that codes cannot be guessed between such attempts.
    pub(crate) fn take_back(&self, account: &str, address: Option<IpAddr>) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names(account, address) {
            let allowed = match name {
                Name::Account(_) => self.limits.per_account,
                Name::Address(_) => self.limits.per_address,
            };
            if let Some(entry) = failures.get_mut(&name) {
                entry.count = entry.count.saturating_sub(1);
                if entry.count < allowed {
                    entry.locked_until = None;
                }
            }
        }
    }

    /// Takes an attempt back that succeeded: the account is clean again, the address owes one less.
    pub(crate) fn succeed(&self, account: &str, address: Option<IpAddr>) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names(account, address) {
            match name {
                Name::Account(_) => drop(failures.remove(&name)),
                Name::Address(_) => {
                    if let Some(entry) = failures.get_mut(&name) {
                        entry.count = entry.count.saturating_sub(1);
                        if entry.count < self.limits.per_address {
                            entry.locked_until = None;
                        }
                    }
                }
            }
        }
    }

    fn lock(&self, beyond: u32) -> TimeDelta {
        let factor = 1_u32.checked_shl(beyond).unwrap_or(u32::MAX);
        delta(self.limits.first_lock.saturating_mul(factor).min(self.limits.longest_lock))
    }
}

fn names(account: &str, address: Option<IpAddr>) -> Vec<Name> {
    let account = (!account.is_empty()).then(|| Name::Account(account.to_owned()));
    account.into_iter().chain(address.map(network).map(Name::Address)).collect()
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use conductor_domain::FixedClock;

    use super::*;

    fn world() -> (Limiter, Arc<FixedClock>) {
        let clock = FixedClock::at(DateTime::from_timestamp(2_000_000_000, 0).unwrap());
        let limits = SignInLimits { per_account: 3, per_address: 6, ..SignInLimits::default() };
        (Limiter::new(limits, Arc::<FixedClock>::clone(&clock)), clock)
    }

    fn wait(result: Result<()>) -> Option<u64> {
        match result {
            Ok(()) => None,
            Err(Error::Limited { retry_after }) => Some(retry_after.as_secs()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn locks_grow_and_end() {
        let (limiter, clock) = world();
        for _ in 0..3 {
            assert_eq!(wait(limiter.begin("ada", None)), None);
        }
        assert_eq!(wait(limiter.begin("ada", None)), Some(30));
        clock.advance(TimeDelta::seconds(30));
        assert_eq!(wait(limiter.begin("ada", None)), None);
        assert_eq!(wait(limiter.begin("ada", None)), Some(60));
        assert_eq!(wait(limiter.begin("grace", None)), None);
        for _ in 0..12 {
            clock.advance(TimeDelta::seconds(15 * 60));
            drop(limiter.begin("ada", None));
        }
        assert_eq!(wait(limiter.begin("ada", None)), Some(15 * 60));
        clock.advance(TimeDelta::hours(2));
        assert_eq!(wait(limiter.begin("ada", None)), None);
        assert_eq!(wait(limiter.begin("ada", None)), None);
    }

    #[test]
    fn success_forgives_the_account_but_not_the_address() {
        let (limiter, _) = world();
        let address = Some("203.0.113.9".parse().unwrap());
        for name in ["a", "b", "c", "d", "e"] {
            assert_eq!(wait(limiter.begin(name, address)), None);
        }
        assert_eq!(wait(limiter.begin("mine", address)), None);
        limiter.succeed("mine", address);
        assert_eq!(wait(limiter.begin("f", address)), None);
        assert_eq!(wait(limiter.begin("g", address)), Some(30));
    }

    #[test]
    fn what_is_taken_back_forgives_nothing_else() {
        let (limiter, _) = world();
        for _ in 0..2 {
            assert_eq!(wait(limiter.begin("ada", None)), None, "a wrong code");
            assert_eq!(wait(limiter.begin("ada", None)), None, "a password alone");
            limiter.take_back("ada", None);
        }
        assert_eq!(wait(limiter.begin("ada", None)), None, "a third wrong code");
        assert_eq!(wait(limiter.begin("ada", None)), Some(30));
    }

    #[test]
    fn a_whole_ipv6_network_counts_as_one() {
        let (limiter, _) = world();
        for last in 0..6 {
            let address = format!("2001:db8:1:2::{last:x}").parse().ok();
            assert_eq!(wait(limiter.begin("", address)), None);
        }
        assert_eq!(wait(limiter.begin("", "2001:db8:1:2:ffff::1".parse().ok())), Some(30));
        assert_eq!(wait(limiter.begin("", "2001:db8:1:3::1".parse().ok())), None);
    }
}
