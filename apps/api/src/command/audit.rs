//! `conductor audit verify`: whether the audit log is as it was sealed, without a server.

use std::{
    fs::File,
    io::{BufReader, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use conductor_access::audit::{Anchor, Auditor, Report, verify_export};
use conductor_domain::{OrganizationId, SystemClock};
use conductor_secrets::PublicKey;
use conductor_storage::OpenOptions;

use crate::config::Config;

/// What can be done with the audit log from a shell.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Checks every entry against its chain, and every chain against its signed checkpoints. Changes nothing.
    Verify(Verify),
}

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Checks from the last signed checkpoint before this entry on.
    #[arg(long, value_name = "SEQ")]
    from: Option<i64>,
    /// Checks the chain of one organisation; all of them where it is not given.
    #[arg(long, value_name = "ID")]
    organization: Option<OrganizationId>,
    /// Checks an export (JSON lines) and not the database.
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    export: Option<PathBuf>,
    /// The public key that must have signed, or a file of such keys; those in the data folder where it is not given.
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
}

/// Does it; whatever is broken makes it fail.
pub(crate) async fn run(config: Config, Audit::Verify(verify): Audit) -> Result<()> {
    let anchor = Anchor::in_folder(&config.data.join("audit"));
    let keys = match &verify.public_key {
        Some(given) => public_keys(given)?,
        None => anchor.keys().context("the public keys in the data folder cannot be read")?,
    };
    let reports = match &verify.export {
        Some(file) => {
            let open = || File::open(file).map(BufReader::new);
            let mut reports =
                verify_export(open, &keys).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
            reports.retain(|report| verify.organization.is_none_or(|only| only == report.organization_id));
            reports
        }
        None => database(&config, &verify, keys, anchor).await?,
    };
    let mut out = std::io::stdout().lock();
    for report in &reports {
        writeln!(out, "{}", sentence(report))?;
    }
    if reports.is_empty() {
        writeln!(out, "there are no entries")?;
    }
    let broken = reports.iter().filter(|report| report.fault.is_some()).count();
    if broken > 0 {
        bail!("the audit log of {broken} organisation(s) is not as it was sealed");
    }
    Ok(())
}

async fn database(
    config: &Config,
    verify: &Verify,
    keys: Vec<PublicKey>,
    anchor: Anchor,
) -> Result<Vec<Report>> {
    let mut options = OpenOptions::new(config.database());
    options.read_only = true;
    let store = options.open(Arc::new(SystemClock)).await.context("the database cannot be opened")?;
    let auditor = Auditor::new(store.clone(), keys, Arc::new(anchor));
    let organizations = match verify.organization {
        Some(one) => vec![one],
        None => auditor.organizations().await?,
    };
    let mut reports = Vec::with_capacity(organizations.len());
    for organization in organizations {
        reports.push(auditor.verify(organization, verify.from).await?.report);
    }
    drop(auditor);
    store.close().await;
    Ok(reports)
}

fn public_keys(given: &str) -> Result<Vec<PublicKey>> {
    let path = Path::new(given);
    let text = if path.is_file() {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {given}"))?
    } else {
        given.to_owned()
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| Ok(PublicKey::from_base64(line, "--public-key")?)).collect()
}

fn sentence(report: &Report) -> String {
    let Report { organization_id, from, to, checkpoints, unsealed, withheld, unexplained, fault } = report;
    let waiting = match unsealed {
        0 => "nothing unsealed".to_owned(),
        1 => "1 entry unsealed".to_owned(),
        many => format!("{many} entries unsealed"),
    };
    let erased = match (withheld, unexplained) {
        (0, _) => String::new(),
        (1, None) => "; 1 entry says nothing any more of an erased person".to_owned(),
        (many, None) => format!("; {many} entries say nothing any more of erased people"),
        (many, Some(first)) => format!(
            "; {many} entries withhold something of a person, and for that of entry {} the reason is not in this export",
            first.seq
        ),
    };
    match fault {
        Some(fault) => {
            let id = fault.id.map(|id| format!(" ({id})")).unwrap_or_default();
            format!("{organization_id}: BROKEN at entry {}{id}: {}; {waiting}", fault.seq, fault.what)
        }
        None if to < from => format!("{organization_id}: nothing sealed, {waiting}"),
        None => format!(
            "{organization_id}: entries {from} to {to} are as they were sealed, {checkpoints} signed checkpoint(s) agree, {waiting}{erased}"
        ),
    }
}
