#![doc = include_str!("../README.md")]

mod m20261121_000001_create_tenancy;
mod m20261121_000002_create_accounts;
mod m20261121_000003_create_secrets;
mod m20261121_000004_create_runs;
mod m20261121_000005_create_agents;
mod m20261121_000006_create_conversations;
mod m20261121_000007_create_connectors;
mod m20261121_000008_create_governance;
mod m20261121_000009_complete_policies;
mod m20261121_000010_seal_audit;
mod m20261121_000011_create_credentials;
mod m20261121_000012_live_grants;
mod m20261121_000013_create_campaigns;
mod m20261121_000014_create_spend;
mod m20261121_000015_create_call_counts;
mod m20261121_000016_create_tenant_keys;
mod m20261121_000017_create_identity_providers;
mod m20261121_000018_label_data;
mod m20261121_000019_create_directories;
mod m20261121_000021_ask_roles;
mod m20261121_000022_erase_people;
mod m20261121_000023_index_open_runs;
mod m20261121_000024_create_quiet_calls;
mod m20261121_000025_note_addresses;
mod m20261121_000026_create_workflows;
mod m20261122_000027_run_workflows;
mod m20261122_000028_schedule_workflows;
mod m20261122_000029_hook_workflows;
mod m20261122_000030_limit_runs;
mod m20261122_000031_line_up_runs;
mod m20261122_000032_tag_and_rate;
mod m20261122_000033_create_canvases;
mod m20261122_000034_count_nodes;
mod m20261122_000035_tell_workflows;
mod m20261122_000036_publish_workflows;
mod m20261122_000037_keep_large_values_apart;
mod m20261122_000042_sign_in_from_outside;
mod m20261122_000043_keep_and_forward;
mod m20261123_000040_share_conversations;
mod m20261123_000044_note_waits;
mod table;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::{MigrationTrait, async_trait};

/// Every migration, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_create_tenancy::Migration),
            Box::new(m20261121_000002_create_accounts::Migration),
            Box::new(m20261121_000003_create_secrets::Migration),
            Box::new(m20261121_000004_create_runs::Migration),
            Box::new(m20261121_000005_create_agents::Migration),
            Box::new(m20261121_000006_create_conversations::Migration),
            Box::new(m20261121_000007_create_connectors::Migration),
            Box::new(m20261121_000008_create_governance::Migration),
            Box::new(m20261121_000009_complete_policies::Migration),
            Box::new(m20261121_000010_seal_audit::Migration),
            Box::new(m20261121_000011_create_credentials::Migration),
            Box::new(m20261121_000012_live_grants::Migration),
            Box::new(m20261121_000013_create_campaigns::Migration),
            Box::new(m20261121_000014_create_spend::Migration),
            Box::new(m20261121_000015_create_call_counts::Migration),
            Box::new(m20261121_000016_create_tenant_keys::Migration),
            Box::new(m20261121_000017_create_identity_providers::Migration),
            Box::new(m20261121_000018_label_data::Migration),
            Box::new(m20261121_000019_create_directories::Migration),
            Box::new(m20261121_000021_ask_roles::Migration),
            Box::new(m20261121_000022_erase_people::Migration),
            Box::new(m20261121_000023_index_open_runs::Migration),
            Box::new(m20261121_000024_create_quiet_calls::Migration),
            Box::new(m20261121_000025_note_addresses::Migration),
            Box::new(m20261121_000026_create_workflows::Migration),
            Box::new(m20261122_000027_run_workflows::Migration),
            Box::new(m20261122_000028_schedule_workflows::Migration),
            Box::new(m20261122_000029_hook_workflows::Migration),
            Box::new(m20261122_000030_limit_runs::Migration),
            Box::new(m20261122_000031_line_up_runs::Migration),
            Box::new(m20261122_000032_tag_and_rate::Migration),
            Box::new(m20261122_000033_create_canvases::Migration),
            Box::new(m20261122_000034_count_nodes::Migration),
            Box::new(m20261122_000035_tell_workflows::Migration),
            Box::new(m20261122_000036_publish_workflows::Migration),
            Box::new(m20261122_000037_keep_large_values_apart::Migration),
            Box::new(m20261123_000040_share_conversations::Migration),
            Box::new(m20261122_000042_sign_in_from_outside::Migration),
            Box::new(m20261122_000043_keep_and_forward::Migration),
            Box::new(m20261123_000044_note_waits::Migration),
        ]
    }
}
