//! What groups bring, whichever way they arrive: in the claims of a sign-in, or from a directory.

use conductor_domain::{OrganizationId, OrganizationRole, Scope, UserId};
use conductor_storage::{MembershipsTx, UnscopedTx};

use crate::{Result, error::about};

/// What became of a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// There was none.
    Joined,
    /// It has another role now, or is open again.
    Changed,
    /// It is as it was.
    Kept,
}

/// Gives somebody a role; the last owner stays one. A closed membership is opened only where that is meant.
pub(crate) async fn give(
    members: &MembershipsTx<'_>,
    user: UserId,
    role: OrganizationRole,
    opens: bool,
) -> Result<Given> {
    let Some(before) = members.find(user).await? else {
        members.create(user, role).await.map_err(about("membership"))?;
        return Ok(Given::Joined);
    };
    let owner = before.role == OrganizationRole::Owner;
    if (before.role == role && (before.is_active || !opens))
        || (owner && role != OrganizationRole::Owner && !members.another_owner(user).await?)
    {
        return Ok(Given::Kept);
    }
    members.update(user, Some(role), opens.then_some(true)).await?;
    Ok(Given::Changed)
}

/// The higher of two roles.
pub(crate) fn higher(one: OrganizationRole, other: OrganizationRole) -> OrganizationRole {
    let rank = |role: OrganizationRole| match role {
        OrganizationRole::Owner => 3,
        OrganizationRole::Admin => 2,
        OrganizationRole::Member => 1,
        OrganizationRole::Viewer => 0,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// An organisation with its first environment; `None` where it was deleted.
pub(crate) async fn first_scope(
    tx: UnscopedTx<'_>,
    organization_id: OrganizationId,
) -> Result<Option<Scope>> {
    if tx.organizations().read().find(organization_id).await?.is_none() {
        return Ok(None);
    }
    let environments = tx.environments().of(&[organization_id]).await?;
    Ok(environments.first().map(|first| Scope { organization_id, environment_id: first.id }))
}
