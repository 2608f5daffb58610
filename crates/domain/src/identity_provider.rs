//! Identity providers: who vouches for people, whom they let in, and which roles their groups bring.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{IdentityProviderId, OrganizationId, OrganizationRole, UserId};

/// An OpenID provider that people may sign in with.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityProvider {
    /// The provider.
    pub id: IdentityProviderId,
    /// Its name in addresses.
    pub slug: String,
    /// What an administrator wrote of it.
    pub spec: IdentityProviderSpec,
    /// The vault's name of the client's secret; a public client has none.
    pub secret_ref: Option<String>,
    /// Whether people may sign in with it.
    pub enabled: bool,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What an administrator writes of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProviderSpec {
    /// The name on the button.
    pub name: String,
    /// `iss` of its tokens, and where its configuration is found.
    pub issuer: String,
    /// Our name there, and `aud` of its tokens for us.
    pub client_id: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that lists a person's groups.
    pub groups_claim: String,
    /// What groups bring.
    pub role_mappings: Vec<RoleMapping>,
    /// The organisation that new people join as members.
    pub organization_id: Option<OrganizationId>,
    /// Whether whoever signs in for the first time gets an account.
    pub allow_sign_up: bool,
    /// Whether an account that exists is taken over by its address, where the provider verified it.
    pub link_by_email: bool,
    /// The domains of addresses that may come; any where empty.
    pub email_domains: Vec<String>,
    /// Whether the provider asks for a second factor itself, so that ours is not asked for.
    pub vouches_for_mfa: bool,
    /// Whether signing out here signs out there too.
    #[serde(default)]
    pub signs_out: bool,
}

/// A role that the members of a provider's group have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleMapping {
    /// The group, as the provider writes it.
    pub group: String,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The role there.
    pub role: OrganizationRole,
}

/// A person at a provider, and the account it signs in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// The provider.
    pub provider_id: IdentityProviderId,
    /// `sub` there.
    pub subject: String,
    /// The account here.
    pub user_id: UserId,
    /// Organisations whose membership its groups gave.
    pub granted: Vec<OrganizationId>,
}

/// A sign-in that was begun and waits for its browser to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInFlow {
    /// The hash of `state`.
    pub state_hash: String,
    /// The provider it was begun with.
    pub provider_id: IdentityProviderId,
    /// The hash of what only the browser that began it knows.
    pub browser_hash: String,
    /// The page to open afterwards.
    pub return_to: String,
    /// Until when it may come back.
    pub expires_at: DateTime<Utc>,
}
