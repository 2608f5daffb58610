//! A second factor: codes of an authenticator app, and recovery codes for the day it is lost.
//!
//! The shared secret lies in the vault. Until a first code proved that the person holds it, it asks for nothing. Each
//! code works once: the step of the last one taken is kept in the row that is held while it is taken.

use chrono::{DateTime, Utc};
use conductor_access::{Action, Facts};
use conductor_domain::{Caller, Mfa, NewAuditEvent, Redacted, Scope, User, UserId, sha256_hex};
use conductor_storage::{Unscoped, UnscopedTx};
use data_encoding::BASE32_NOPAD;
use secrecy::ExposeSecret;

use crate::{Error, Identity, Result, identity::done, session::person, totp};

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// Bytes of a recovery code: too many to be guessed, also from a stolen hash.
const RECOVERY_BYTES: usize = 10;
/// Secrets of accounts belong to people, so they lie with the platform's own.
const PLACE: Scope = Scope::PLATFORM;

/// How a person's second factor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MfaState {
    /// Since when it is asked for.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// How many recovery codes are left.
    pub recovery_codes_left: usize,
    /// Whether an organisation that the person acts in asks for it.
    pub required: bool,
}

/// A second factor that is being set up.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The shared secret, as people type it.
    pub secret: Redacted<String>,
    /// The address for a QR code.
    pub address: Redacted<String>,
}

/// A code that was good when it was looked at; it is taken in the transaction of what it allows.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    user: UserId,
    kind: CodeKind,
}

#[derive(Clone, Debug)]
enum CodeKind {
    Step(i64),
    Recovery(String),
}

impl Identity {
    /// How the caller's second factor stands.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn mfa(&self, caller: &Caller) -> Result<MfaState> {
        let user = person(caller)?;
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let mfa = rows.users().mfa(user).await?.filter(|mfa| mfa.confirmed_at.is_some());
        let organization = rows.organizations().find(caller.scope.organization_id).await?;
        Ok(MfaState {
            confirmed_at: mfa.as_ref().and_then(|mfa| mfa.confirmed_at),
            recovery_codes_left: mfa.map_or(0, |mfa| mfa.recovery.len()),
            required: organization.is_some_and(|organization| organization.requires_mfa),
        })
    }

    /// Begins to set a second factor up; beginning again replaces what was begun before.
    ///
    /// # Errors
    /// `MfaEnabled`; `Invalid` for a wrong password; `Limited`.
    pub async fn begin_mfa(&self, caller: &Caller, password: &Redacted<String>) -> Result<Enrolment> {
        let user = self.mfa_owner(caller).await?;
        if user.mfa_enabled {
            return Err(Error::MfaEnabled);
        }
        self.inner.limiter.begin(&user.email, caller.address)?;
        self.check_password("/password", &user, password).await?;
        self.inner.limiter.succeed(&user.email, caller.address);
        let secret = totp::secret();
        let reference = format!("mfa:{}", user.id);
        let sealed =
            self.inner.access.vault().seal(PLACE, &reference, "totp", secret.expose(), Some(user.id)).await?;
        let begun = Mfa { secret_ref: reference, confirmed_at: None, last_step: 0, recovery: Vec::new() };
        let (id, scope) = (user.id, caller.scope);
        let audit = done(caller, "account.mfa_begun", format!("user:{id}")).on("user", id);
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        rows.write(move |tx| {
            Box::pin(async move {
                if tx.users().hold_mfa(id).await?.is_some_and(|mfa| mfa.confirmed_at.is_some()) {
                    return Err(Error::MfaEnabled);
                }
                tx.scoped(PLACE).secrets().delete(&begun.secret_ref).await?;
                tx.scoped(PLACE).secrets().create(sealed).await?;
                tx.users().set_mfa(id, Some(&begun)).await?;
                tx.scoped(scope).audit().record(audit).await?;
                Ok(())
            })
        })
        .await?;
        let address = totp::address(&secret, "Conductor", &user.email);
        Ok(Enrolment { secret, address })
    }

    /// Ends setting up by a first code, and gives the recovery codes, this once. Other sessions end: whoever holds one
    /// without the second factor must show it.
    ///
    /// # Errors
    /// `MfaMissing` when nothing was begun; `Invalid` for a wrong code; `Limited`.
    pub async fn confirm_mfa(
        &self,
        caller: &Caller,
        code: &Redacted<String>,
    ) -> Result<Vec<Redacted<String>>> {
        let user = self.mfa_owner(caller).await?;
        if user.mfa_enabled {
            return Err(Error::MfaEnabled);
        }
        self.inner.limiter.begin(&user.email, caller.address)?;
        let code = self.app_code(&user, code).await.map_err(at_code)?;
        let (codes, hashes) = recovery_codes(user.id);
        let (id, scope, session, now) = (user.id, caller.scope, caller.session_id, self.inner.clock.now());
        let audit = done(caller, "account.mfa_enabled", format!("user:{id}")).on("user", id);
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        rows.write(move |tx| {
            Box::pin(async move {
                let mut mfa = tx.users().hold_mfa(id).await?.ok_or(Error::MfaMissing)?;
                if mfa.confirmed_at.is_some() {
                    return Err(Error::MfaEnabled);
                }
                code.spend(&mut mfa).map_err(at_code)?;
                (mfa.confirmed_at, mfa.recovery) = (Some(now), hashes);
                tx.users().set_mfa(id, Some(&mfa)).await?;
                tx.sessions().revoke_all(id, session, "mfa_enabled").await?;
                tx.scoped(scope).audit().record(audit).await?;
                Ok(())
            })
        })
        .await?;
        self.inner.limiter.succeed(&user.email, caller.address);
        self.inner.cache.forget_user(user.id);
        Ok(codes)
    }

    /// Gives fresh recovery codes, this once; those given before stop working.
    ///
    /// # Errors
    /// `MfaMissing`; `Invalid` for a wrong password or code; `Limited`.
    pub async fn renew_recovery_codes(
        &self,
        caller: &Caller,
        password: &Redacted<String>,
        code: &Redacted<String>,
    ) -> Result<Vec<Redacted<String>>> {
        let (user, code) = self.prove(caller, password, code).await?;
        let (codes, hashes) = recovery_codes(user.id);
        let (id, scope) = (user.id, caller.scope);
        let audit = done(caller, "account.recovery_codes_renewed", format!("user:{id}")).on("user", id);
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        rows.write(move |tx| {
            Box::pin(async move {
                let mut mfa = tx.users().hold_mfa(id).await?.ok_or(Error::MfaMissing)?;
                code.spend(&mut mfa).map_err(at_code)?;
                mfa.recovery = hashes;
                tx.users().set_mfa(id, Some(&mfa)).await?;
                tx.scoped(scope).audit().record(audit).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
        self.inner.limiter.succeed(&user.email, caller.address);
        self.inner.cache.forget_user(user.id);
        Ok(codes)
    }

    /// Removes the second factor.
    ///
    /// # Errors
    /// `MfaMissing`; `Invalid` for a wrong password or code; `Limited`.
    pub async fn disable_mfa(
        &self,
        caller: &Caller,
        password: &Redacted<String>,
        code: &Redacted<String>,
    ) -> Result<()> {
        let (user, code) = self.prove(caller, password, code).await?;
        let (id, scope) = (user.id, caller.scope);
        let audit = done(caller, "account.mfa_disabled", format!("user:{id}")).on("user", id);
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        rows.write(move |tx| {
            Box::pin(async move {
                let mut mfa = tx.users().hold_mfa(id).await?.ok_or(Error::MfaMissing)?;
                code.spend(&mut mfa).map_err(at_code)?;
                tx.scoped(PLACE).secrets().delete(&mfa.secret_ref).await?;
                tx.users().set_mfa(id, None).await?;
                tx.scoped(scope).audit().record(audit).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
        self.inner.limiter.succeed(&user.email, caller.address);
        self.inner.cache.forget_user(user.id);
        Ok(())
    }

    /// Looks at a code that someone signs in with: one of the app, or a recovery code.
    pub(crate) async fn code_of(&self, user: &User, code: &Redacted<String>) -> Result<Code> {
        match recovery_hash(user.id, code.expose()) {
            Some(hash) => Ok(Code { user: user.id, kind: CodeKind::Recovery(hash) }),
            None => self.app_code(user, code).await,
        }
    }

    async fn app_code(&self, user: &User, code: &Redacted<String>) -> Result<Code> {
        let mfa = self.inner.store.unscoped(Unscoped::SignIn).users().mfa(user.id).await?;
        let mfa = mfa.ok_or(Error::MfaMissing)?;
        let secret = self.inner.access.vault().open(PLACE, &mfa.secret_ref).await?;
        let now = self.inner.clock.now();
        let step = totp::step_of(secret.expose_secret(), code.expose(), now, mfa.last_step);
        let step = step.ok_or(Error::OtpInvalid)?;
        Ok(Code { user: user.id, kind: CodeKind::Step(step) })
    }

    /// The password and a code, both at once; what they allow takes the code.
    async fn prove(
        &self,
        caller: &Caller,
        password: &Redacted<String>,
        code: &Redacted<String>,
    ) -> Result<(User, Code)> {
        let user = self.mfa_owner(caller).await?;
        if !user.mfa_enabled {
            return Err(Error::MfaMissing);
        }
        // One attempt for both: a right password forgives no wrong code.
        self.inner.limiter.begin(&user.email, caller.address)?;
        self.check_password("/password", &user, password).await?;
        let code = self.code_of(&user, code).await.map_err(at_code)?;
        Ok((user, code))
    }

    async fn mfa_owner(&self, caller: &Caller) -> Result<User> {
        let user = self.account(caller).await?;
        let facts = Facts::new(format!("user:{}", user.id), caller.scope).owned_by(Some(user.id));
        self.inner.access.require(caller, Action::UserUpdate, &facts).await?;
        Ok(user)
    }
}

/// Where someone who is signed in changes something, a wrong code is a wrong field and no reason to sign in again.
pub(crate) fn at_code(error: Error) -> Error {
    match error {
        Error::OtpInvalid => Error::field(
            "/code",
            "otp_invalid",
            "The code is wrong or was used before; wait for the next one.",
        ),
        error => error,
    }
}

/// Takes a code in the transaction of the sign-in that it allows.
pub(crate) async fn take(
    tx: UnscopedTx<'_>,
    code: &Code,
    scope: Scope,
    recovered: &NewAuditEvent,
) -> Result<()> {
    let mut mfa = tx.users().hold_mfa(code.user).await?.ok_or(Error::OtpInvalid)?;
    code.spend(&mut mfa)?;
    tx.users().set_mfa(code.user, Some(&mfa)).await?;
    if matches!(code.kind, CodeKind::Recovery(_)) {
        tx.scoped(scope).audit().record(recovered.clone()).await?;
    }
    Ok(())
}

impl Code {
    pub(crate) fn spend(&self, mfa: &mut Mfa) -> Result<()> {
        match &self.kind {
            // Another request took this step, or a later one, in the meantime.
            CodeKind::Step(step) if *step <= mfa.last_step => return Err(Error::OtpInvalid),
            CodeKind::Step(step) => mfa.last_step = *step,
            CodeKind::Recovery(hash) => {
                let left = mfa.recovery.iter().position(|kept| kept == hash);
                mfa.recovery.remove(left.ok_or(Error::OtpInvalid)?);
            }
        }
        Ok(())
    }
}

/// Fresh recovery codes, and the hashes to keep.
fn recovery_codes(user: UserId) -> (Vec<Redacted<String>>, Vec<String>) {
    let make = |_| {
        let bytes: [u8; RECOVERY_BYTES] = rand::random();
        let letters = BASE32_NOPAD.encode(&bytes).to_lowercase();
        let groups: Vec<&str> = [0, 4, 8, 12].iter().filter_map(|at| letters.get(*at..at + 4)).collect();
        Redacted::new(groups.join("-"))
    };
    let codes: Vec<Redacted<String>> = (0..RECOVERY_CODES).map(make).collect();
    let hashes = codes.iter().filter_map(|code| recovery_hash(user, code.expose())).collect();
    (codes, hashes)
}

/// The hash of what has the form of a recovery code, however it was typed.
fn recovery_hash(user: UserId, code: &str) -> Option<String> {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let bytes = BASE32_NOPAD.decode(letters.to_uppercase().as_bytes()).ok()?;
    (bytes.len() == RECOVERY_BYTES)
        .then(|| sha256_hex([user.as_uuid().as_bytes(), bytes.as_slice()].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_read_however_they_are_typed() {
        let (codes, hashes) = recovery_codes(UserId::NIL);
        assert_eq!((codes.len(), hashes.len()), (10, 10));
        for (code, hash) in codes.iter().zip(&hashes) {
            let code = code.expose();
            assert_eq!(code.len(), 19, "{code}");
            for typed in [code.clone(), code.to_uppercase(), code.replace('-', " "), format!(" {code}\n")] {
                assert_eq!(recovery_hash(UserId::NIL, &typed).as_ref(), Some(hash), "{typed}");
            }
        }
        for other in ["123456", "", "1234-5678-9012-3456", "abcd-efgh"] {
            assert_eq!(recovery_hash(UserId::NIL, other), None, "{other}");
        }
    }

    #[test]
    fn a_code_is_spent_once() {
        let mut mfa = Mfa {
            secret_ref: String::new(),
            confirmed_at: None,
            last_step: 7,
            recovery: vec!["a".to_owned(), "b".to_owned()],
        };
        let spend = |mfa: &mut Mfa, kind| Code { user: UserId::NIL, kind }.spend(mfa);
        assert!(spend(&mut mfa, CodeKind::Step(7)).is_err());
        assert!(spend(&mut mfa, CodeKind::Step(8)).is_ok());
        assert!(spend(&mut mfa, CodeKind::Step(8)).is_err());
        assert!(spend(&mut mfa, CodeKind::Recovery("a".to_owned())).is_ok());
        assert!(spend(&mut mfa, CodeKind::Recovery("a".to_owned())).is_err());
        assert_eq!(mfa.recovery, ["b"]);
    }
}
