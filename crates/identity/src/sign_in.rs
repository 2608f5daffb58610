//! Signing in, and making an account of one's own where the operator allows it.

use conductor_domain::{PlatformRole, Redacted, Scope, UserId};
use conductor_storage::Unscoped;

use crate::{
    Client, Error, Identity, Result, SignedIn,
    accounts::{self, Person},
    check::Check,
    email,
    identity::entry,
    mfa, session,
};

/// What someone signs in with.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The address, in any spelling.
    pub email: String,
    /// The password.
    pub password: Redacted<String>,
    /// The code of an authenticator app, or a recovery code, where the account has a second factor.
    pub otp: Option<Redacted<String>>,
}

/// An account of one's own.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The address.
    pub email: String,
    /// The password.
    pub password: Redacted<String>,
    /// The given name.
    pub first_name: String,
    /// The family name.
    pub last_name: String,
    /// The display name; made of the other two when empty.
    pub name: String,
}

impl Identity {
    /// Opens a session for whoever knows the password. Unknown addresses, wrong passwords and closed accounts take
    /// the same time and get the same answer.
    ///
    /// # Errors
    /// `SignInRefused`; `OtpRequired` or `OtpInvalid` where the account has a second factor; or `Limited` after too many
    /// failures.
    pub async fn sign_in(&self, credentials: &Credentials, client: &Client) -> Result<SignedIn> {
        let email = email::normalise(&credentials.email);
        self.inner.limiter.begin(&email, client.address)?;
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let found = rows.users().find_for_sign_in(&email).await?;
        let (user, hash) = match found {
            Some((user, hash)) => (Some(user), hash),
            None => (None, None),
        };
        let matches = self.inner.passwords.verify(&credentials.password, hash).await?;
        let known = user.as_ref().map(|user| (user.id, user.active));
        let Some(user) = user.filter(|user| matches && user.is_active) else {
            tracing::info!(address = ?client.address, "a sign-in was refused");
            self.refuse_sign_in(known, client).await?;
            return Err(Error::SignInRefused);
        };
        let code = match (user.mfa_enabled, &credentials.otp) {
            (false, _) => None,
            (true, Some(code)) => Some(self.code_of(&user, code).await?),
            (true, None) => {
                self.inner.limiter.take_back(&email, client.address);
                return Err(Error::OtpRequired);
            }
        };
        let (scope, ..) = self.place(&user).await?;
        let (opening, by) = (self.opening(user.id, client), client.clone());
        let refresh_token = opening.refresh_token;
        let session = rows
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(code) = code {
                        mfa::take(tx, &code, scope, &entry("account.recovery_code_used", user.id, &by))
                            .await?;
                    }
                    session::open(tx, opening.new, &by, scope).await
                })
            })
            .await?;
        self.inner.limiter.succeed(&email, client.address);
        self.signed_in(session, refresh_token).await
    }

    /// Takes a refusal down, where the account belongs; what was typed is nobody's business, it may be a password.
    async fn refuse_sign_in(&self, known: Option<(UserId, Option<Scope>)>, client: &Client) -> Result<()> {
        let mut refused =
            entry("account.sign_in_refused", known.map_or(UserId::NIL, |(user, _)| user), client);
        if known.is_none() {
            (refused.subject, refused.target) = ("anonymous".to_owned(), "user:unknown".to_owned());
            (refused.user_id, refused.resource_id) = (None, None);
        }
        refused.allowed = false;
        refused.denial_reason = Some("the address, the password or the account is not valid".to_owned());
        let scope = known.and_then(|(_, active)| active).unwrap_or(Scope::PLATFORM);
        let rows = self.inner.store.scoped(scope);
        rows.write(move |tx| Box::pin(async move { tx.audit().record(refused).await }))
            .await
            .map_err(|error: conductor_storage::Error| error.into())
    }

    /// Makes an account and signs it in.
    ///
    /// # Errors
    /// `RegistrationClosed` unless the operator opened it; `Invalid`; `Taken`.
    pub async fn register(&self, registration: Registration, client: &Client) -> Result<SignedIn> {
        if !self.registration_open() {
            return Err(Error::RegistrationClosed);
        }
        let Registration { email, password, first_name, last_name, name } = registration;
        let mut check = Check::default();
        let email = check.email("/email", &email);
        check.password("/password", &password, &email);
        let first_name = check.text("/first_name", &first_name, 0, 100);
        let last_name = check.text("/last_name", &last_name, 0, 100);
        let name = check.text("/name", &name, 0, 200);
        check.done()?;

        self.inner.limiter.begin("", client.address)?;
        let person = Person {
            name: Person::display_name(&name, &first_name, &last_name, &email),
            password_hash: Some(self.inner.passwords.hash(&password).await?),
            role: PlatformRole::StandardUser,
            is_verified: false,
            email,
            first_name,
            last_name,
        };
        let (identity, by) = (self.clone(), client.clone());
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let (session, refresh_token) = rows
            .write(move |tx| {
                Box::pin(async move {
                    let user = accounts::create(tx, person, None).await?;
                    let scope = user.active.ok_or(Error::NoOrganization)?;
                    tx.scoped(scope).audit().record(entry("account.registered", user.id, &by)).await?;
                    let opening = identity.opening(user.id, &by);
                    let session = session::open(tx, opening.new, &by, scope).await?;
                    Ok::<_, Error>((session, opening.refresh_token))
                })
            })
            .await?;
        self.signed_in(session, refresh_token).await
    }
}
