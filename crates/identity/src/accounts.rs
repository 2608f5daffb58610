//! How an account comes into being, whoever makes it: the person, a personal organisation with one environment, and
//! the team the person joins.

use conductor_domain::{
    Classification, Clock, EnvironmentId, EnvironmentType, NewEnvironment, NewOrganization, NewUser,
    OrganizationId, OrganizationRole, PlatformRole, Redacted, Scope, User, UserId,
};
use conductor_storage::UnscopedTx;

use crate::{Error, Result, error::about, slug};

/// What is known of a person before there is an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) password_hash: Option<Redacted<String>>,
    pub(crate) name: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) role: PlatformRole,
    pub(crate) is_verified: bool,
}

impl Person {
    /// The name to show: the given one, else the parts, else the address up to its sign.
    pub(crate) fn display_name(name: &str, first: &str, last: &str, email: &str) -> String {
        let parts = format!("{} {}", first.trim(), last.trim());
        let address = email.split('@').next().unwrap_or(email);
        let found = [name.trim(), parts.trim(), address].into_iter().find(|candidate| !candidate.is_empty());
        found.unwrap_or_default().to_owned()
    }
}

/// Makes an account whose active organisation is `team`, or its personal one.
pub(crate) async fn create(
    tx: UnscopedTx<'_>,
    person: Person,
    team: Option<(Scope, OrganizationRole)>,
) -> Result<User> {
    let personal = new_scope(tx.clock());
    let id = UserId::generate(tx.clock());
    let clearance = match person.role {
        PlatformRole::Admin => Classification::Restricted,
        PlatformRole::PowerUser => Classification::Confidential,
        PlatformRole::StandardUser => Classification::Internal,
        PlatformRole::Guest => Classification::Public,
    };
    let new = NewUser {
        id,
        email: person.email.clone(),
        password_hash: person.password_hash,
        name: person.name,
        first_name: person.first_name,
        last_name: person.last_name,
        role: person.role,
        clearance,
        is_verified: person.is_verified,
        active: Some(team.map_or(personal, |(scope, _)| scope)),
    };
    let user = tx.users().create(new).await.map_err(about("email address"))?;
    let own = NewOrganization {
        id: personal.organization_id,
        name: free_name(tx, &format!("Personal ({})", person.email)).await?,
        // The start of the id is its time; its end is random.
        slug: format!("personal-{}", &id.as_uuid().simple().to_string()[16..]),
        is_personal: true,
        industry: None,
        website: None,
        timezone: None,
    };
    found(tx, own, personal, id).await?;
    if let Some((scope, role)) = team {
        tx.scoped(scope).memberships().create(id, role).await.map_err(about("membership"))?;
    }
    Ok(user)
}

/// Makes an organisation with a default environment and an owner.
pub(crate) async fn found(
    tx: UnscopedTx<'_>,
    new: NewOrganization,
    scope: Scope,
    owner: UserId,
) -> Result<conductor_domain::Organization> {
    let organization = tx.organizations().create(new).await.map_err(about("organisation name"))?;
    let tenant = tx.scoped(scope);
    let environment = NewEnvironment {
        id: scope.environment_id,
        organization_id: scope.organization_id,
        name: "default".to_owned(),
        environment_type: EnvironmentType::Prod,
        is_default: true,
    };
    tenant.environments().create(environment).await.map_err(about("environment name"))?;
    tenant.memberships().create(owner, OrganizationRole::Owner).await.map_err(about("membership"))?;
    Ok(organization)
}

/// The ids of an organisation and an environment to be made.
pub(crate) fn new_scope(clock: &dyn Clock) -> Scope {
    Scope { organization_id: OrganizationId::generate(clock), environment_id: EnvironmentId::generate(clock) }
}

/// The name, or the name with the first number that makes it free.
async fn free_name(tx: UnscopedTx<'_>, wanted: &str) -> Result<String> {
    let rows = tx.organizations().read();
    for number in 1..100 {
        let name = if number == 1 { wanted.to_owned() } else { format!("{wanted} {number}") };
        if !rows.name_taken(&name).await? {
            return Ok(name);
        }
    }
    Err(Error::Taken { what: "organisation name" })
}

/// A slug for a name, or one with the first number that makes it free.
pub(crate) async fn free_slug(tx: UnscopedTx<'_>, name: &str) -> Result<String> {
    let (rows, wanted) = (tx.organizations().read(), slug::from_name(name));
    for number in 1..100 {
        let slug = if number == 1 { wanted.clone() } else { format!("{wanted}-{number}") };
        if !rows.slug_taken(&slug).await? {
            return Ok(slug);
        }
    }
    Err(Error::Taken { what: "slug" })
}
