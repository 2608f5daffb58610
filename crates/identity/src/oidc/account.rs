//! From what a provider says of somebody to an account here, and what its groups bring.

use std::collections::BTreeMap;

use conductor_domain::{
    ExternalIdentity, IdentityProvider, NewAuditEvent, OrganizationId, OrganizationRole, PlatformRole, Scope,
    User, UserChange, UserId,
};
use conductor_storage::UnscopedTx;
use serde_json::{Value, json};

use super::verify::Claims;
use crate::{
    Client, Error, Result,
    accounts::{self, Person as NewPerson},
    email,
    error::about,
    group_roles::{Given, first_scope, give, higher},
    identity::entry,
};

/// Somebody, as a provider vouches for it.
#[derive(Clone, Debug)]
pub(super) struct Person {
    subject: String,
    /// The address, where the provider says that it verified it.
    email: Option<String>,
    name: String,
    first_name: String,
    last_name: String,
    /// `None` where the provider says nothing about groups.
    groups: Option<Vec<String>>,
}

impl Person {
    pub(super) fn of(claims: Claims, groups_claim: &str) -> Self {
        let rest = &claims.rest;
        let text = |name: &str| {
            let text = rest.get(name).and_then(Value::as_str).unwrap_or_default().trim();
            text.chars().filter(|letter| !letter.is_control()).take(200).collect::<String>()
        };
        // Some providers write it as a text.
        let verified = rest.get("email_verified").is_some_and(|value| *value == true || *value == "true");
        let address = email::check("/email", &text("email")).ok().filter(|_| verified);
        let groups = rest.get(groups_claim).map(|value| match value {
            Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::String(one) => vec![one.clone()],
            _ => Vec::new(),
        });
        Self {
            email: address,
            name: text("name"),
            first_name: text("given_name"),
            last_name: text("family_name"),
            groups,
            subject: claims.sub,
        }
    }

    fn may_come(&self, provider: &IdentityProvider) -> bool {
        let domains = &provider.spec.email_domains;
        let domain = self.email.as_deref().and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
        domains.is_empty()
            || domain.is_some_and(|domain| domains.iter().any(|allowed| allowed.eq_ignore_ascii_case(domain)))
    }
}

/// The account that somebody signs in to: the one it signed in to before, the one of its address where that is allowed,
/// or a new one where that is.
pub(super) async fn find_or_make(
    tx: UnscopedTx<'_>,
    provider: &IdentityProvider,
    person: Person,
    client: &Client,
) -> Result<User> {
    let known = tx.identity_providers().read().identity(provider.id, &person.subject).await?;
    if !person.may_come(provider) {
        return Err(Error::SignUpClosed);
    }
    let (user, made, granted) = match known {
        Some(known) => {
            let user = tx.users().read().find(known.user_id).await?;
            (user.ok_or(Error::SignInRefused)?, false, known.granted)
        }
        None => {
            let (user, made) = tie(tx, provider, &person, client).await?;
            (user, made, Vec::new())
        }
    };
    if !user.is_active {
        return Err(Error::SignInRefused);
    }
    if user.mfa_enabled && !provider.spec.vouches_for_mfa {
        return Err(Error::OtpRequired);
    }
    let granted = apply_groups(tx, provider, &person, user.id, granted).await?;
    let user = match granted.first() {
        // Whoever is new begins where their groups put them, not alone.
        Some(team) if made && provider.spec.organization_id.is_none() => {
            let active = Some(first_scope(tx, *team).await?.or(user.active));
            tx.users().update(user.id, UserChange { active, ..Default::default() }).await?
        }
        _ => user,
    };
    let identity =
        ExternalIdentity { provider_id: provider.id, subject: person.subject, user_id: user.id, granted };
    tx.identity_providers().remember(&identity).await.map_err(about("identity"))?;
    Ok(user)
}

/// The account of somebody who comes for the first time, and whether it was made for them.
async fn tie(
    tx: UnscopedTx<'_>,
    provider: &IdentityProvider,
    person: &Person,
    client: &Client,
) -> Result<(User, bool)> {
    let address = person.email.clone().ok_or(Error::AddressUnverified)?;
    let entry = |event: &str, user: UserId| {
        let mut entry = entry(event, user, client);
        entry.data = json!({ "identity_provider": provider.slug });
        entry
    };
    if let Some(user) = tx.users().read().find_by_email(&address).await? {
        if !provider.spec.link_by_email {
            return Err(Error::AccountExists);
        }
        let scope = user.active.unwrap_or(Scope::PLATFORM);
        tx.scoped(scope).audit().record(entry("account.linked", user.id)).await?;
        return Ok((user, false));
    }
    if !provider.spec.allow_sign_up {
        return Err(Error::SignUpClosed);
    }
    let team = match provider.spec.organization_id {
        Some(organization) => first_scope(tx, organization).await?,
        None => None,
    };
    let new = NewPerson {
        name: NewPerson::display_name(&person.name, &person.first_name, &person.last_name, &address),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        password_hash: None,
        role: PlatformRole::StandardUser,
        is_verified: true,
        email: address,
    };
    let user = accounts::create(tx, new, team.map(|scope| (scope, OrganizationRole::Member))).await?;
    let scope = user.active.unwrap_or(Scope::PLATFORM);
    tx.scoped(scope).audit().record(entry("account.created", user.id)).await?;
    Ok((user, true))
}

/// Gives what the groups bring and takes what they brought before; where the provider says nothing of groups, all stays.
async fn apply_groups(
    tx: UnscopedTx<'_>,
    provider: &IdentityProvider,
    person: &Person,
    user: UserId,
    granted: Vec<OrganizationId>,
) -> Result<Vec<OrganizationId>> {
    let Some(groups) = &person.groups else { return Ok(granted) };
    let mut wanted: BTreeMap<OrganizationId, OrganizationRole> = BTreeMap::new();
    for mapping in provider.spec.role_mappings.iter().filter(|mapping| groups.contains(&mapping.group)) {
        let role = wanted.entry(mapping.organization_id).or_insert(mapping.role);
        *role = higher(*role, mapping.role);
    }
    let mut now_granted = Vec::new();
    for (organization, role) in &wanted {
        let Some(scope) = first_scope(tx, *organization).await? else { continue };
        let tenant = tx.scoped(scope);
        // Whom a directory suspended, a sign-in does not let in again.
        let opens = tenant.directory_users().read().find(user).await?.is_none();
        let given = give(&tenant.memberships(), user, *role, opens).await?;
        if given == Given::Joined || granted.contains(organization) {
            now_granted.push(*organization);
        }
        let event = match given {
            Given::Joined => "membership.created",
            Given::Changed => "membership.updated",
            Given::Kept => continue,
        };
        tx.scoped(scope).audit().record(by_groups(event, provider, user, Some(*role))).await?;
    }
    for organization in granted.into_iter().filter(|organization| !wanted.contains_key(organization)) {
        let Some(scope) = first_scope(tx, organization).await? else { continue };
        let members = tx.scoped(scope).memberships();
        let Some(before) = members.find(user).await? else { continue };
        if before.role == OrganizationRole::Owner && !members.another_owner(user).await? {
            now_granted.push(organization);
            continue;
        }
        members.delete(user).await?;
        tx.scoped(scope).audit().record(by_groups("membership.deleted", provider, user, None)).await?;
    }
    Ok(now_granted)
}

fn by_groups(
    event: &str,
    provider: &IdentityProvider,
    user: UserId,
    role: Option<OrganizationRole>,
) -> NewAuditEvent {
    let mut entry = entry(event, user, &Client::default());
    entry.subject = format!("identity_provider:{}", provider.id);
    entry.user_id = None;
    entry.data = json!({ "identity_provider": provider.slug, "role": role });
    entry
}
