//! `conductor secrets …`: how the keys of secrets stand, and their rotation, also beside a server that runs.

use std::io::Write;

use anyhow::{Result, bail};
use clap::Subcommand;
use conductor_access::{RotationState, Step};

use crate::{config::Config, data::DataFolder, wire};

/// What can be done with the keys of secrets from a shell.
#[derive(Debug, Subcommand)]
pub(crate) enum Secrets {
    /// Replaces every organisation's key by one under the current master key. Secrets stay readable meanwhile; where it
    /// is interrupted, it goes on with the next call, or by the next server that starts.
    Rotate,
    /// Says how many secrets are under the current master key.
    Status,
}

/// Does it.
pub(crate) async fn run(config: Config, secrets: Secrets) -> Result<()> {
    let folder = DataFolder::open(&config.data)?;
    let (store, access) = wire::rows(&config, &folder).await?;
    let vault = access.vault();
    if matches!(secrets, Secrets::Rotate) {
        vault.begin_rotation(None).await?;
        let Some(mut rotator) = vault.rotator().await? else {
            bail!("a rotation under another master key runs; let a server with that key end it first")
        };
        let mut said = String::new();
        loop {
            let pause = match rotator.step().await? {
                Step::Finished => break,
                Step::Worked => None,
                Step::Waiting(pause) => Some(pause),
            };
            let now = sentence(&vault.rotation().await?);
            if now != said {
                say(&now)?;
                said = now;
            }
            if let Some(pause) = pause {
                tokio::time::sleep(pause.min(std::time::Duration::from_secs(1))).await;
            }
        }
    }
    let state = vault.rotation().await?;
    say(&sentence(&state))?;
    let failed = state.rotation.map_or(0, |rotation| rotation.failed);
    drop(access);
    store.close().await;
    if failed > 0 {
        bail!("{failed} secret(s) cannot be opened and were left as they are; the log names them");
    }
    Ok(())
}

fn sentence(state: &RotationState) -> String {
    let census = &state.census;
    let retired = match census.keys_retired {
        0 => String::new(),
        keys => format!(", {keys} retired key(s) not forgotten yet"),
    };
    format!(
        "{} of {} secrets and {} of {} organisations' keys are under master key {} ({}){retired}",
        census.secrets_current,
        census.secrets,
        census.keys_current,
        census.keys,
        state.master_key_id,
        state.master_key_kind
    )
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
