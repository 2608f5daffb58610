//! Credentials beside sessions: machines' accounts, the tokens issued here, and a person's second factor.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AgentId, EnvironmentId, InboundAuth, OrganizationId, Principal, Scope, ServiceAccountId, TokenId, UserId,
    classification::words,
};

/// How a machine proves who it is: the method, and what the proof is measured against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundProof {
    /// `Bearer`: a token that was issued here, or where a key is given, one that its issuer signs. `Mtls`: a client
    /// certificate that a trusted proxy saw. `None`: its name alone, in a development environment.
    pub method: InboundAuth,
    /// Where the issuer of its tokens publishes its keys.
    #[serde(default)]
    pub jwks_uri: Option<String>,
    /// The issuer's one key in PEM, in place of an address.
    #[serde(default)]
    pub public_key: Option<String>,
    /// The authorities that its certificate must come from, in PEM.
    #[serde(default)]
    pub client_ca: Option<String>,
    /// The networks that it may come from without a proof.
    #[serde(default)]
    pub networks: Vec<String>,
}

impl Default for InboundProof {
    fn default() -> Self {
        Self {
            method: InboundAuth::Bearer,
            jwks_uri: None,
            public_key: None,
            client_ca: None,
            networks: Vec::new(),
        }
    }
}

impl InboundProof {
    /// Whether anything but a token issued here lets the machine in.
    #[must_use]
    pub fn signs_in(&self) -> bool {
        self.method != InboundAuth::Bearer || self.jwks_uri.is_some() || self.public_key.is_some()
    }
}

/// A machine's account in one organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceAccount {
    /// The account.
    pub id: ServiceAccountId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The stage it is confined to; every one of the organisation where `None`.
    pub environment_id: Option<EnvironmentId>,
    /// Unique in the organisation.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it is called where it comes from; unique together with `issuer`.
    pub subject: String,
    /// Who vouches for the subject.
    pub issuer: String,
    /// Whom its tokens are for.
    pub audience: String,
    /// The name of a stored secret that belongs to it.
    pub credential_ref: Option<String>,
    /// Patterns of what its tokens may include; nothing where empty.
    pub scope_allowlist: Vec<String>,
    /// How it proves who it is, beside the tokens issued to it here.
    pub inbound: InboundProof,
    /// What it acts by when it signs in so; never given out.
    pub sign_in_token_id: Option<TokenId>,
    /// Whether its tokens work.
    pub enabled: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A machine's account to be made, or to take the place of what is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceAccountSpec {
    /// The stage it is confined to.
    pub environment_id: Option<EnvironmentId>,
    /// Unique in the organisation.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it is called where it comes from.
    pub subject: String,
    /// Who vouches for the subject.
    pub issuer: String,
    /// Whom its tokens are for.
    pub audience: String,
    /// The name of a stored secret.
    pub credential_ref: Option<String>,
    /// Patterns of what its tokens may include.
    pub scope_allowlist: Vec<String>,
    /// How it proves who it is, beside the tokens issued to it here.
    pub inbound: InboundProof,
    /// Whether its tokens work.
    pub enabled: bool,
}

impl From<ServiceAccount> for ServiceAccountSpec {
    fn from(account: ServiceAccount) -> Self {
        Self {
            environment_id: account.environment_id,
            name: account.name,
            description: account.description,
            subject: account.subject,
            issuer: account.issuer,
            audience: account.audience,
            credential_ref: account.credential_ref,
            scope_allowlist: account.scope_allowlist,
            inbound: account.inbound,
            enabled: account.enabled,
        }
    }
}

/// What a token lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// An agent.
    Agent,
    /// A machine's account.
    ServiceAccount,
}

words!(TokenKind { Agent = "agent", ServiceAccount = "service_account" });

/// How a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenStatus {
    /// It works.
    Active,
    /// Its time is over.
    Expired,
    /// Someone ended it.
    Revoked,
}

/// A token that was issued here. Its text was shown once and is kept nowhere.
#[derive(Clone, Debug, PartialEq)]
pub struct IssuedToken {
    /// Its `jti`.
    pub id: TokenId,
    /// Where it works; of a service account without a stage of its own, where it was issued.
    pub scope: Scope,
    /// Whom it lets in.
    pub principal: Principal,
    /// What the issuer calls it.
    pub name: String,
    /// Patterns of what it may do, such as `tool.invoke` or `agent.*`.
    pub scopes: Vec<String>,
    /// Free notes of the issuer, a JSON object.
    pub metadata: Value,
    /// Who issued it: it never may do more than this person.
    pub issued_by_id: UserId,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    /// When it was ended.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Who ended it.
    pub revoked_by_id: Option<UserId>,
    /// When it was last seen, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
}

impl IssuedToken {
    /// How it stands at a moment.
    #[must_use]
    pub fn status(&self, now: DateTime<Utc>) -> TokenStatus {
        if self.revoked_at.is_some() {
            TokenStatus::Revoked
        } else if self.expires_at <= now {
            TokenStatus::Expired
        } else {
            TokenStatus::Active
        }
    }
}

/// A token to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewIssuedToken {
    /// Its `jti`.
    pub id: TokenId,
    /// Whom it lets in: an agent or a service account.
    pub principal: Principal,
    /// What the issuer calls it.
    pub name: String,
    /// Patterns of what it may do.
    pub scopes: Vec<String>,
    /// Free notes, a JSON object.
    pub metadata: Value,
    /// Who issues it.
    pub issued_by_id: UserId,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// A person's second factor. The shared secret lies in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mfa {
    /// The name of the shared secret in the vault.
    pub secret_ref: String,
    /// When a code proved that the person holds it; until then it asks for nothing.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The step of the last code that was taken: none of it or before works again.
    pub last_step: i64,
    /// Hashes of the recovery codes that are left.
    pub recovery: Vec<String>,
}

/// What a change of where someone stands was about, for other processes to drop what they remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revoked {
    /// Everything of a person.
    User(UserId),
    /// One session.
    Session(crate::SessionId),
    /// One token.
    Token(TokenId),
    /// Every token of an agent.
    Agent(AgentId),
    /// Every token of a machine's account.
    ServiceAccount(ServiceAccountId),
    /// Everyone in an organisation.
    Organization(OrganizationId),
}

impl std::fmt::Display for Revoked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Session(id) => write!(f, "session:{id}"),
            Self::Token(id) => write!(f, "token:{id}"),
            Self::Agent(id) => write!(f, "agent:{id}"),
            Self::ServiceAccount(id) => write!(f, "service_account:{id}"),
            Self::Organization(id) => write!(f, "organization:{id}"),
        }
    }
}

impl Revoked {
    /// Reads what `Display` wrote; `None` for what another version wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        Some(match kind {
            "user" => Self::User(id.parse().ok()?),
            "session" => Self::Session(id.parse().ok()?),
            "token" => Self::Token(id.parse().ok()?),
            "agent" => Self::Agent(id.parse().ok()?),
            "service_account" => Self::ServiceAccount(id.parse().ok()?),
            "organization" => Self::Organization(id.parse().ok()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_to_others_is_read_back() {
        for revoked in [
            Revoked::User(UserId::NIL),
            Revoked::Session(crate::SessionId::NIL),
            Revoked::Token(TokenId::NIL),
            Revoked::Agent(AgentId::NIL),
            Revoked::ServiceAccount(ServiceAccountId::NIL),
            Revoked::Organization(OrganizationId::NIL),
        ] {
            assert_eq!(Revoked::from_text(&revoked.to_string()), Some(revoked));
        }
        assert_eq!(Revoked::from_text("planet:9"), None);
        assert_eq!(Revoked::from_text("user:9"), None);
    }
}
