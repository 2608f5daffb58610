//! Who asks: the same shape behind every credential and every door.

use serde::{Deserialize, Serialize};

use crate::{AgentId, Classification, OrganizationId, Scope, ServiceAccountId, SessionId, TokenId, UserId};

/// The identity behind a credential.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Principal {
    /// A person.
    User {
        /// The account.
        user_id: UserId,
    },
    /// A machine identity.
    ServiceAccount {
        /// The account.
        service_account_id: ServiceAccountId,
    },
    /// An agent that acts by its own token.
    Agent {
        /// The agent.
        agent_id: AgentId,
    },
}

impl Principal {
    /// The subject as it stands in decisions and in the audit log, such as `user:0192…`.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::User { user_id } => format!("user:{user_id}"),
            Self::ServiceAccount { service_account_id } => format!("service_account:{service_account_id}"),
            Self::Agent { agent_id } => format!("agent:{agent_id}"),
        }
    }
}

/// An authenticated caller, with the scope that the request resolved to.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The identity.
    pub principal: Principal,
    /// The scope of this request; the caller is a member of its organisation.
    pub scope: Scope,
    /// Every organisation the caller is an active member of.
    pub organizations: Vec<OrganizationId>,
    /// Role names: the platform role (`admin`, `power_user`, `standard_user`, `guest`) and the role in the scope's
    /// organisation (`owner`, `admin`, `member`, `viewer`), the latter prefixed `organization:`, the former `platform:`.
    pub roles: Vec<String>,
    /// The highest label the caller may read.
    pub clearance: Classification,
    /// Attributes that administrators gave the person, as a JSON object; policies ask about them.
    pub attributes: serde_json::Value,
    /// The scopes of the credential; `None` for a full session.
    pub token_scopes: Option<Vec<String>>,
    /// The session, where the credential belongs to one.
    pub session_id: Option<SessionId>,
    /// The token, where the credential is one that was issued to a machine.
    pub token_id: Option<TokenId>,
    /// The address the request came from, for limits and the audit log.
    pub address: Option<std::net::IpAddr>,
}

impl Caller {
    /// The account, where the principal is a person.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        match self.principal {
            Principal::User { user_id } => Some(user_id),
            Principal::ServiceAccount { .. } | Principal::Agent { .. } => None,
        }
    }

    /// The machine's subject, where the principal is none of people: what its runs are marked with.
    #[must_use]
    pub fn machine(&self) -> Option<String> {
        match self.principal {
            Principal::User { .. } => None,
            Principal::ServiceAccount { .. } | Principal::Agent { .. } => Some(self.principal.subject()),
        }
    }

    /// The agents that act in a request of this caller, outermost first: the one that calls by its own token, then
    /// the one that was asked to act.
    #[must_use]
    pub fn agents(&self, acting: Option<AgentId>) -> Vec<AgentId> {
        let calling = match self.principal {
            Principal::Agent { agent_id } => Some(agent_id),
            Principal::User { .. } | Principal::ServiceAccount { .. } => None,
        };
        calling.into_iter().chain(acting.filter(|acting| Some(*acting) != calling)).collect()
    }

    /// Whether the caller holds this role, such as `platform:admin`.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }

    /// As whom the caller answers questions that are for certain people: in each of its roles, and by name. A machine
    /// answers none.
    #[must_use]
    pub fn answers_as(&self) -> Vec<String> {
        let Some(user) = self.user_id() else { return Vec::new() };
        self.roles.iter().cloned().chain([format!("user:{user}")]).collect()
    }

    /// Whether the caller runs the platform: accounts, models and official connectors.
    #[must_use]
    pub fn is_platform_admin(&self) -> bool {
        self.has_role("platform:admin")
    }
}
