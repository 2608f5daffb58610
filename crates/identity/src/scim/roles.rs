//! What a directory's groups bring: the same roles as when they arrive with a sign-in.

use conductor_domain::{
    Caller, Directory, DirectoryGroup, GroupRole, IdentityProvider, OrganizationId, OrganizationRole, UserId,
};
use conductor_storage::UnscopedTx;
use serde_json::json;

use crate::{
    Result,
    group_roles::{Given, give, higher},
    identity::done,
};

/// What the platform's identity providers map for an organisation.
pub(super) fn inherited(providers: &[IdentityProvider], organization: OrganizationId) -> Vec<GroupRole> {
    providers
        .iter()
        .filter(|provider| provider.enabled)
        .flat_map(|provider| &provider.spec.role_mappings)
        .filter(|mapping| mapping.organization_id == organization)
        .map(|mapping| GroupRole { group: mapping.group.clone(), role: mapping.role })
        .collect()
}

/// The highest role that these groups bring. A sign-in names a group by its name or by the directory's own id.
pub(super) fn brought<'g>(
    mappings: &[GroupRole],
    groups: impl Iterator<Item = &'g DirectoryGroup>,
) -> Option<OrganizationRole> {
    let names = |group: &DirectoryGroup, mapping: &GroupRole| {
        group.display_name == mapping.group || group.external_id.as_deref() == Some(&*mapping.group)
    };
    groups
        .flat_map(|group| mappings.iter().filter(move |mapping| names(group, mapping)))
        .map(|mapping| mapping.role)
        .reduce(higher)
}

/// Gives these people what their groups bring now, and takes what they brought before.
///
/// Ownership is given only by what an owner stands behind: through a token of somebody else groups bring less.
pub(super) async fn settle(
    tx: UnscopedTx<'_>,
    by: &Caller,
    directory: &Directory,
    people: &[UserId],
) -> Result<()> {
    let tenant = tx.scoped(by.scope);
    let providers = tx.identity_providers().read().all().await?;
    let mut mappings = inherited(&providers, directory.organization_id);
    mappings.extend(directory.role_mappings.iter().cloned());
    let is_owner = by.has_role("organization:owner");
    for some in people.chunks(1_000) {
        let rows = tenant.directory_users().read().find_many(some).await?;
        let groups = tenant.directory_groups().read().of(some).await?;
        for row in rows {
            let user = row.user_id;
            let own = groups.iter().filter(|(of, _)| *of == user).map(|(_, group)| group);
            let mut wanted = brought(&mappings, own);
            if wanted == Some(OrganizationRole::Owner) && !is_owner {
                wanted = Some(OrganizationRole::Admin);
            }
            let members = tenant.memberships();
            let (role, base) = match (wanted, row.base_role) {
                (None, None) => continue,
                (None, Some(base)) => (base, None),
                (Some(role), base) => {
                    let Some(now) = members.find(user).await? else { continue };
                    let by_hand = base.is_none() && now.role == OrganizationRole::Owner;
                    // What a person made an owner, a person unmakes; and only an owner unmakes one.
                    if by_hand || now.role == role || (now.role == OrganizationRole::Owner && !is_owner) {
                        continue;
                    }
                    (role, Some(base.unwrap_or(now.role)))
                }
            };
            let Some(now) = members.find(user).await? else { continue };
            let given = give(&members, user, role, false).await?;
            if given == Given::Kept && now.role != role {
                // The last owner, for now.
                continue;
            }
            tenant.directory_users().set_base_role(user, base).await?;
            if given == Given::Changed {
                let mut audit = done(by, "membership.updated", format!("user:{user}")).on("user", user);
                audit.data = json!({ "role": role, "by_groups": true });
                tenant.audit().record(audit).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use conductor_domain::{Clock, DirectoryGroupId, SystemClock};

    use super::*;

    #[test]
    fn the_highest_mapped_group_counts_and_no_other() {
        let group = |name: &str, external: Option<&str>| DirectoryGroup {
            id: DirectoryGroupId::generate(&SystemClock),
            display_name: name.to_owned(),
            external_id: external.map(str::to_owned),
            version: 1,
            created_at: SystemClock.now(),
            updated_at: SystemClock.now(),
        };
        let mapping = |group: &str, role| GroupRole { group: group.to_owned(), role };
        let mappings = [mapping("staff", OrganizationRole::Viewer), mapping("0a1b", OrganizationRole::Admin)];
        let groups = |all: &[DirectoryGroup]| brought(&mappings, all.iter());
        assert_eq!(groups(&[group("staff", None)]), Some(OrganizationRole::Viewer));
        let both = [group("staff", None), group("Admins", Some("0a1b"))];
        assert_eq!(groups(&both), Some(OrganizationRole::Admin));
        // Names are compared as a sign-in compares them; a name like a role is a name.
        assert_eq!(groups(&[group("Staff", None), group("admin", None), group("owner", None)]), None);
        assert_eq!(groups(&[]), None);
    }
}
