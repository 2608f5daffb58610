//! Whom a node means that names people: roles, and persons by their address or id.

use conductor_domain::{ProblemView, UserId};
use conductor_runs::{Held, Result};
use conductor_storage::Unscoped;

use super::kinds::invalid;

/// The roles of an organisation that can be named without saying so.
const ROLES: [&str; 4] = ["owner", "admin", "member", "viewer"];

/// As whom they answer: `organization:admin`, `user:<id>`. One that nobody is would leave the question with nobody.
pub(super) async fn named(held: &Held, names: &[String]) -> Result<Result<Vec<String>, ProblemView>> {
    let mut found = Vec::new();
    for name in names {
        let name = name.trim();
        if ROLES.contains(&name) {
            found.push(format!("organization:{name}"));
        } else if name.starts_with("organization:") || name.starts_with("platform:") {
            found.push(name.to_owned());
        } else {
            match member(held, name.strip_prefix("user:").unwrap_or(name)).await? {
                Some(user) => found.push(format!("user:{user}")),
                None => {
                    let detail =
                        format!("{name} is neither a role nor the address of a member of this organisation");
                    return Ok(Err(invalid("/config/assignees", detail)));
                }
            }
        }
    }
    Ok(Ok(found))
}

/// The member of the run's organisation with this address or id.
async fn member(held: &Held, name: &str) -> Result<Option<UserId>> {
    let view = held.store().unscoped(Unscoped::SignIn);
    let user = match name.parse() {
        Ok(id) => view.users().find(id).await?,
        Err(_) => view.users().find_by_email(name).await?,
    };
    let Some(user) = user.filter(|user| user.is_active) else { return Ok(None) };
    let organizations = view.organizations().of_user(user.id).await?;
    let here = held.run().scope.organization_id;
    Ok(organizations.iter().any(|(organization, _)| organization.id == here).then_some(user.id))
}
