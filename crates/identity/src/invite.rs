//! Invited people: someone else made their account, and a link lets them set its password, once.

use conductor_domain::{LinkPurpose, OneTimeLink, OrganizationId, Redacted, UserChange, UserId, sha256_hex};
use conductor_storage::{Unscoped, UnscopedTx};

use crate::{
    Client, Error, Identity, Result, SignedIn,
    check::Check,
    identity::entry,
    session::{self, delta, random_token},
};

/// What an invited person says.
#[derive(Clone, Debug)]
pub struct AcceptInvite {
    /// The token of the link.
    pub token: Redacted<String>,
    /// The password to set.
    pub password: Redacted<String>,
    /// Another display name.
    pub name: Option<String>,
}

impl Identity {
    /// Sets the password of an invited person and signs the person in.
    ///
    /// # Errors
    /// `LinkInvalid`, or `Invalid` with the fields to mend; the link still works then.
    pub async fn accept_invite(&self, accept: AcceptInvite, client: &Client) -> Result<SignedIn> {
        self.inner.limiter.begin("", client.address)?;
        let mut check = Check::default();
        let token = check.link_token("/token", &accept.token)?;
        let rows = self.inner.store.unscoped(Unscoped::SignIn);
        let link = rows.links().find(&token, LinkPurpose::Invite, self.inner.clock.now()).await?;
        let user = link.and_then(|link| link.user_id).ok_or(Error::LinkInvalid)?;
        let user = rows.users().find(user).await?.filter(|user| user.is_active && !user.mfa_enabled);
        let user = user.ok_or(Error::LinkInvalid)?;
        check.password("/password", &accept.password, &user.email);
        let name = accept.name.map(|name| check.text("/name", &name, 1, 200));
        check.done()?;

        let change = UserChange {
            name,
            password_hash: Some(self.inner.passwords.hash(&accept.password).await?),
            is_verified: Some(true),
            ..Default::default()
        };
        let (scope, ..) = self.place(&user).await?;
        let (opening, by) = (self.opening(user.id, client), client.clone());
        let refresh_token = opening.refresh_token;
        let session = rows
            .write(move |tx| {
                Box::pin(async move {
                    tx.links().consume(&token, LinkPurpose::Invite).await?.ok_or(Error::LinkInvalid)?;
                    tx.users().update(user.id, change).await?;
                    tx.scoped(scope).audit().record(entry("invite.accepted", user.id, &by)).await?;
                    session::open(tx, opening.new, &by, scope).await
                })
            })
            .await?;
        self.inner.limiter.succeed("", client.address);
        self.signed_in(session, refresh_token).await
    }

    /// An invitation to be written by `write_invite`, with the token that only its link has.
    pub(crate) fn invitation(&self, organization: OrganizationId) -> Invitation {
        let token = random_token();
        let hash = sha256_hex(token.expose().as_bytes());
        let expires_at = self.inner.clock.now() + delta(self.inner.options.invite_lifetime);
        Invitation { token, hash, organization, expires_at }
    }
}

/// An invitation before it is written.
#[derive(Debug)]
pub(crate) struct Invitation {
    pub(crate) token: Redacted<String>,
    hash: String,
    organization: OrganizationId,
    expires_at: chrono::DateTime<chrono::Utc>,
}

/// Writes an invitation; the person's earlier ones stop working.
pub(crate) async fn write_invite(
    tx: UnscopedTx<'_>,
    invitation: Invitation,
    user: UserId,
) -> Result<Redacted<String>> {
    let link = OneTimeLink {
        token_hash: invitation.hash,
        purpose: LinkPurpose::Invite,
        user_id: Some(user),
        organization_id: Some(invitation.organization),
        expires_at: invitation.expires_at,
    };
    tx.links().replace(link).await?;
    Ok(invitation.token)
}
