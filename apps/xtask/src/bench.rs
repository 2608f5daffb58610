//! `cargo xtask bench`: measurements that are repeated by hand, never timed tests (docs/benchmarks.md).

use anyhow::Result;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Options {}

pub(crate) fn run(_: &Options) -> Result<()> {
    Ok(())
}
