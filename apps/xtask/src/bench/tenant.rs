//! A tenant to measure in: an organisation with one environment.

use anyhow::Result;
use conductor_domain::{EnvironmentType, NewEnvironment, NewOrganization, Scope};
use conductor_storage::{Error, Store, Unscoped};

pub(super) async fn found(store: &Store, scope: Scope) -> Result<()> {
    let organization = NewOrganization {
        id: scope.organization_id,
        name: "Bench".into(),
        slug: "bench".into(),
        is_personal: false,
        industry: None,
        website: None,
        timezone: None,
    };
    let environment = NewEnvironment {
        id: scope.environment_id,
        organization_id: scope.organization_id,
        name: "default".into(),
        environment_type: EnvironmentType::Dev,
        is_default: true,
    };
    let done: Result<(), Error> = store
        .unscoped(Unscoped::Setup)
        .write(move |tx| {
            Box::pin(async move {
                tx.organizations().create(organization).await?;
                tx.scoped(scope).environments().create(environment).await.map(drop)
            })
        })
        .await;
    Ok(done?)
}
