//! `conductor admin …`: what an operator does from a shell.

use std::io::{Read, Write};

use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};
use conductor_domain::{PlatformRole, Redacted};
use conductor_identity::NewAccount;

use crate::{config::Config, data::DataFolder, wire};

/// What can be done from a shell.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Makes an account. The first one founds the team; others join it.
    CreateUser {
        /// The address to sign in with.
        #[arg(long)]
        email: String,
        /// The display name.
        #[arg(long)]
        name: String,
        /// The role on the platform.
        #[arg(long, value_enum)]
        role: Role,
        /// Reads the password from standard input; it is never an argument.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

/// A platform role, as the command line writes it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    #[value(name = "admin")]
    Admin,
    #[value(name = "power_user")]
    PowerUser,
    #[value(name = "standard_user")]
    StandardUser,
    #[value(name = "guest")]
    Guest,
}

/// Does it.
pub(crate) async fn run(config: Config, admin: Admin) -> Result<()> {
    let Admin::CreateUser { email, name, role, password_stdin: _ } = admin;
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password).context("the password cannot be read")?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("standard input holds no password");
    }
    let folder = DataFolder::open(&config.data)?;
    let (store, access) = wire::rows(&config, &folder).await?;
    let identity = wire::identity(&config, &folder, &store, &access).await?;
    let role = match role {
        Role::Admin => PlatformRole::Admin,
        Role::PowerUser => PlatformRole::PowerUser,
        Role::StandardUser => PlatformRole::StandardUser,
        Role::Guest => PlatformRole::Guest,
    };
    let account =
        NewAccount { email, password: Redacted::new(password), name, role, organization_name: None };
    let user = identity.create_account(account).await.map_err(explained)?;
    writeln!(std::io::stdout(), "{} {}", user.id, user.email)?;
    drop((identity, access));
    store.close().await;
    Ok(())
}

/// Names the fields that have to be mended.
fn explained(error: conductor_identity::Error) -> anyhow::Error {
    match &error {
        conductor_identity::Error::Invalid { fields } => {
            let faults: Vec<String> = fields.iter().map(|field| format!("{field:?}")).collect();
            anyhow::anyhow!("{error}: {}", faults.join("; "))
        }
        _ => error.into(),
    }
}
