//! What every measurement has in common: medians, a table for people and JSON for programs.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::shell;

/// The middle value.
pub(super) fn median(values: &[f64]) -> f64 {
    percentile(values, 50.0)
}

/// The value that this share of all values does not exceed (nearest rank).
pub(super) fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank within the length")]
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// One measured quantity, taken several times.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) values: Vec<f64>,
    pub(super) goal: Option<Goal>,
}

/// What the median is held against.
pub(super) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Row {
    pub(super) fn new(name: &'static str, unit: &'static str, values: Vec<f64>) -> Self {
        Self { name, unit, values, goal: None }
    }

    pub(super) fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    fn verdict(&self) -> String {
        let median = median(&self.values);
        match &self.goal {
            None => String::new(),
            Some(Goal::AtLeast(goal)) => format!("≥ {} {}", number(*goal), met(median >= *goal)),
            Some(Goal::AtMost(goal)) => format!("≤ {} {}", number(*goal), met(median <= *goal)),
        }
    }
}

const fn met(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn number(value: f64) -> String {
    if value.abs() >= 1000.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// Prints the table and writes `target/bench/<name>.json`.
pub(super) fn publish(name: &str, rows: &[Row]) -> Result<()> {
    println!("\n{:<34} {:>12} {:>12} {:>12} {:<7} goal", name, "median", "lowest", "highest", "unit");
    for row in rows {
        let (low, high) = (percentile(&row.values, 0.0), percentile(&row.values, 100.0));
        let (median, low, high) = (number(median(&row.values)), number(low), number(high));
        println!("{:<34} {median:>12} {low:>12} {high:>12} {:<7} {}", row.name, row.unit, row.verdict());
    }
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let goal = match row.goal {
                None => Value::Null,
                Some(Goal::AtLeast(goal)) => json!({ "at_least": goal }),
                Some(Goal::AtMost(goal)) => json!({ "at_most": goal }),
            };
            json!({ "name": row.name, "unit": row.unit, "median": median(&row.values), "values": row.values, "goal": goal })
        })
        .collect();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let report = json!({ "bench": name, "version": env!("CARGO_PKG_VERSION"), "cores": cores, "rows": rows });
    let folder = shell::target().join("bench");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{name}.json"));
    fs::write(&path, serde_json::to_string_pretty(&report)?)?;
    println!("\nwritten to {}", path.display());
    Ok(())
}

/// The resident memory of a process, in MiB.
pub(super) fn resident_mib(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in /proc")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_values() {
        let values = [4.0, 1.0, 3.0, 2.0, 5.0];
        assert_eq!((median(&values), percentile(&values, 0.0), percentile(&values, 100.0)), (3.0, 1.0, 5.0));
        assert_eq!(percentile(&values, 99.0), 5.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_goal_is_held_against_the_median() {
        let row = Row::new("x", "s", vec![1.0, 2.0, 9.0]).goal(Goal::AtMost(2.0));
        assert_eq!(row.verdict(), "≤ 2.000 met");
        assert_eq!(Row::new("x", "s", vec![1.0]).goal(Goal::AtLeast(2.0)).verdict(), "≥ 2.000 MISSED");
    }
}
