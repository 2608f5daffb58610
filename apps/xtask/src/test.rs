//! `cargo xtask test`: everything that continuous integration runs, step by step, stopping at the first failure.

mod counts;
mod steps;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use self::{
    counts::Counts,
    steps::{STEPS, Step, World},
};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only these steps, such as `fmt,clippy`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// All but these steps.
    #[arg(long, value_delimiter = ',')]
    skip: Vec<String>,
    /// Name the steps and stop.
    #[arg(long)]
    list: bool,
}

/// Runs the chosen steps in order and closes with how many tests passed and failed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen = choose(options)?;
    if options.list {
        chosen.iter().for_each(|step| println!("{:<18} {}", step.name, step.title));
        return Ok(());
    }
    let mut world = World::default();
    let mut durations = Vec::new();
    let mut outcome = Ok(());
    for (index, step) in chosen.iter().enumerate() {
        println!("\n=== {}/{} {}: {}", index + 1, chosen.len(), step.name, step.title);
        let started = Instant::now();
        outcome = step.run(&mut world);
        durations.push((step.name, started.elapsed()));
        match &outcome {
            Ok(()) => println!("=== {} passed in {}", step.name, seconds(started.elapsed())),
            Err(_) => break,
        }
    }
    drop(world.postgres.take());
    summary(&durations, &world.counts);
    if let Err(error) = outcome {
        let failed = durations.last().map_or("", |(name, _)| name);
        bail!("step `{failed}` failed: {error:#}\nrun it alone with `cargo xtask test --only {failed}`");
    }
    Ok(())
}

fn choose(options: &Options) -> Result<Vec<&'static Step>> {
    let known = |name: &String| STEPS.iter().any(|step| step.name == *name);
    if let Some(unknown) = options.only.iter().chain(&options.skip).find(|name| !known(name)) {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!("there is no step `{unknown}`; there are {}", names.join(", "));
    }
    let wanted = |step: &&Step| {
        let named = |names: &[String]| names.iter().any(|name| name == step.name);
        (options.only.is_empty() || named(&options.only)) && !named(&options.skip)
    };
    Ok(STEPS.iter().filter(wanted).collect())
}

/// The last line is what build servers read: `N passed, N failed` alone on a line.
fn summary(durations: &[(&str, Duration)], counts: &Counts) {
    println!("\n=== steps");
    durations.iter().for_each(|(name, duration)| println!("{name:<18} {:>8}", seconds(*duration)));
    println!("{:<18} {:>8}", "all", seconds(durations.iter().map(|(_, duration)| *duration).sum()));
    println!("{counts}");
}

fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..=59 => format!("{:.1}s", duration.as_secs_f64()),
        whole => format!("{}m {:02}s", whole / 60, whole % 60),
    }
}
