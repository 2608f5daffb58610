//! The first start: no account exists, so a link that the server prints makes the first one. It works once.

use conductor_domain::{
    LinkPurpose, NewOrganization, OneTimeLink, OrganizationRole, PlatformRole, Redacted, sha256_hex,
};
use conductor_storage::Unscoped;

use crate::{
    Client, Error, Identity, Result, SignedIn,
    accounts::{self, Person},
    check::Check,
    identity::entry,
    session::{self, delta, random_token},
};

/// What the first person says.
#[derive(Clone, Debug)]
pub struct SetUp {
    /// The token of the printed link.
    pub token: Redacted<String>,
    /// The person's address.
    pub email: String,
    /// The person's password.
    pub password: Redacted<String>,
    /// The person's name.
    pub name: String,
    /// The team that invited people will join.
    pub organization_name: String,
}

impl Identity {
    /// Whether there is no account yet.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn needs_setup(&self) -> Result<bool> {
        Ok(!self.inner.store.unscoped(Unscoped::Setup).users().any().await?)
    }

    /// A fresh token for the set-up link, where there is no account yet. Links given before stop working.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn setup_token(&self) -> Result<Option<Redacted<String>>> {
        if !self.needs_setup().await? {
            return Ok(None);
        }
        let token = random_token();
        let link = OneTimeLink {
            token_hash: sha256_hex(token.expose().as_bytes()),
            purpose: LinkPurpose::Setup,
            user_id: None,
            organization_id: None,
            expires_at: self.inner.clock.now() + delta(self.inner.options.setup_lifetime),
        };
        let rows = self.inner.store.unscoped(Unscoped::Setup);
        rows.write(move |tx| Box::pin(async move { tx.links().replace(link).await })).await?;
        Ok(Some(token))
    }

    /// Makes the administrator, the team and the personal organisation, and signs the administrator in.
    ///
    /// # Errors
    /// `LinkInvalid`, `AlreadySetUp`, or `Invalid` with the fields to mend; the link still works then.
    pub async fn set_up(&self, set_up: SetUp, client: &Client) -> Result<SignedIn> {
        if !self.needs_setup().await? {
            return Err(Error::AlreadySetUp);
        }
        let mut check = Check::default();
        let token = check.link_token("/token", &set_up.token)?;
        let email = check.email("/email", &set_up.email);
        check.password("/password", &set_up.password, &email);
        let name = check.text("/name", &set_up.name, 1, 200);
        let team_name = check.text("/organization_name", &set_up.organization_name, 1, 200);
        check.done()?;

        self.inner.limiter.begin("", client.address)?;
        let password_hash = Some(self.inner.passwords.hash(&set_up.password).await?);
        let person = Person {
            name,
            first_name: String::new(),
            last_name: String::new(),
            role: PlatformRole::Admin,
            is_verified: true,
            email,
            password_hash,
        };
        let (identity, by) = (self.clone(), client.clone());
        let rows = self.inner.store.unscoped(Unscoped::Setup);
        let (session, refresh_token) = rows
            .write(move |tx| {
                Box::pin(async move {
                    if tx.users().read().any().await? {
                        return Err(Error::AlreadySetUp);
                    }
                    tx.links().consume(&token, LinkPurpose::Setup).await?.ok_or(Error::LinkInvalid)?;
                    let user = accounts::create(tx, person, None).await?;
                    let scope = accounts::new_scope(tx.clock());
                    let team = NewOrganization {
                        id: scope.organization_id,
                        slug: accounts::free_slug(tx, &team_name).await?,
                        name: team_name,
                        is_personal: false,
                        industry: None,
                        website: None,
                        timezone: None,
                    };
                    accounts::found(tx, team, scope, user.id).await?;
                    let active =
                        conductor_domain::UserChange { active: Some(Some(scope)), ..Default::default() };
                    tx.users().update(user.id, active).await?;
                    tx.scoped(scope).audit().record(entry("installation.set_up", user.id, &by)).await?;
                    let opening = identity.opening(user.id, &by);
                    let session = session::open(tx, opening.new, &by, scope).await?;
                    Ok::<_, Error>((session, opening.refresh_token))
                })
            })
            .await?;
        self.inner.limiter.succeed("", client.address);
        self.signed_in(session, refresh_token).await
    }
}

/// Which role the people that others bring in get on the platform.
pub(crate) const fn platform_role_of(role: OrganizationRole) -> PlatformRole {
    match role {
        OrganizationRole::Viewer => PlatformRole::Guest,
        OrganizationRole::Member | OrganizationRole::Admin | OrganizationRole::Owner => {
            PlatformRole::StandardUser
        }
    }
}
