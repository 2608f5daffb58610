//! The tenant scope: every row a tenant owns carries it, every query names it.

use serde::{Deserialize, Serialize};

use crate::{EnvironmentId, OrganizationId};

/// An organisation and one of its environments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The stage inside the tenant.
    pub environment_id: EnvironmentId,
}

impl Scope {
    /// The platform's own scope: official agents, connectors, tools and roles. Never NULL, so that unique indexes bind it.
    pub const PLATFORM: Self =
        Self { organization_id: OrganizationId::NIL, environment_id: EnvironmentId::NIL };
}
