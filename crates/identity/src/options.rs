//! What an operator decides about sign-in.

use std::time::Duration;

use conductor_domain::Redacted;

/// Configuration of identity.
#[derive(Clone, Debug)]
pub struct Options {
    /// 32 random bytes: the seed of the Ed25519 key that signs access tokens.
    pub signing_seed: Redacted<[u8; 32]>,
    /// `iss` of access tokens: the public address, or a fixed word.
    pub issuer: String,
    /// `aud` of access tokens.
    pub audience: String,
    /// How long an access token lives.
    pub access_lifetime: Duration,
    /// How long a refresh token that nobody uses lives.
    pub refresh_lifetime: Duration,
    /// How long after its use a refresh token is taken for one of two tabs that renewed at once, and only refused.
    /// Shown later than that, it is a stolen one and ends its session.
    pub twin_leeway: Duration,
    /// How long a session lives at most.
    pub session_lifetime: Duration,
    /// How long a machine's token works at most.
    pub token_lifetime: Duration,
    /// How long a set-up link works.
    pub setup_lifetime: Duration,
    /// How long an invitation works.
    pub invite_lifetime: Duration,
    /// Whether anyone may make an account.
    pub registration_open: bool,
    /// Passwords that are hashed at once; each takes 19 MiB.
    pub hashes_at_once: usize,
    /// How long a request waits for its turn to hash before it is told to come back.
    pub hash_wait: Duration,
    /// The client that speaks to identity providers; without it nobody signs in with one.
    pub egress: Option<conductor_egress::Guarded>,
    /// Limits on sign-in.
    pub sign_in: SignInLimits,
}

impl Options {
    /// The defaults around a key.
    #[must_use]
    pub fn new(signing_seed: [u8; 32]) -> Self {
        let day = Duration::from_secs(24 * 60 * 60);
        Self {
            signing_seed: Redacted::new(signing_seed),
            issuer: "conductor".to_owned(),
            audience: "conductor".to_owned(),
            access_lifetime: Duration::from_secs(15 * 60),
            refresh_lifetime: 14 * day,
            twin_leeway: Duration::from_secs(5),
            session_lifetime: 30 * day,
            token_lifetime: 90 * day,
            setup_lifetime: day,
            invite_lifetime: 7 * day,
            registration_open: false,
            hashes_at_once: 2,
            hash_wait: Duration::from_secs(2),
            egress: None,
            sign_in: SignInLimits::default(),
        }
    }
}

/// How often a sign-in may fail.
#[derive(Clone, Copy, Debug)]
pub struct SignInLimits {
    /// Failures of one account, in a row, before it is locked.
    pub per_account: u32,
    /// Failures from one address before it is locked.
    pub per_address: u32,
    /// The first lock; each further failure doubles it.
    pub first_lock: Duration,
    /// The longest lock.
    pub longest_lock: Duration,
    /// Failures older than this are forgotten.
    pub memory: Duration,
}

impl Default for SignInLimits {
    fn default() -> Self {
        Self {
            per_account: 5,
            per_address: 50,
            first_lock: Duration::from_secs(30),
            longest_lock: Duration::from_secs(15 * 60),
            memory: Duration::from_secs(60 * 60),
        }
    }
}
