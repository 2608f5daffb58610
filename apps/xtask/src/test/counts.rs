//! How many tests ran, read from the report file that each runner writes.

use std::{fmt, fs, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Tests over all runners.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    passed: u64,
    failed: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl Counts {
    fn add(&mut self, runner: &str, passed: u64, failed: u64) -> Result<()> {
        self.passed += passed;
        self.failed += failed;
        if passed + failed == 0 {
            bail!("{runner} ran no test");
        }
        Ok(())
    }

    /// A JUnit file: `<testsuites name="…" tests="12" failures="1" errors="0" …>`.
    pub(super) fn junit(&mut self, runner: &str, report: &Path) -> Result<()> {
        let text = read(report)?;
        let head = text.split("<testsuites").nth(1).and_then(|rest| rest.split('>').next());
        let head = head.with_context(|| format!("{} is no JUnit report", report.display()))?;
        let number = |name: &str| {
            let value = head.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
            value
                .and_then(|value| value.parse::<u64>().ok())
                .with_context(|| format!("no `{name}` in {head}"))
        };
        let failed = number("failures")? + number("errors")?;
        self.add(runner, number("tests")?.saturating_sub(failed), failed)
    }

    /// Vitest's JSON reporter.
    pub(super) fn vitest(&mut self, report: &Path) -> Result<()> {
        let report: Value = serde_json::from_str(&read(report)?)?;
        let number =
            |name: &str| report[name].as_u64().with_context(|| format!("no `{name}` in vitest's report"));
        let failed = number("numFailedTests")?;
        if failed == 0 && report["success"] == Value::Bool(false) {
            bail!("vitest could not run a test file");
        }
        self.add("vitest", number("numPassedTests")?, failed)
    }

    /// Playwright's JSON reporter; a test that passed only at a second try is a failure to look at.
    pub(super) fn playwright(&mut self, report: &Path) -> Result<()> {
        let report: Value = serde_json::from_str(&read(report)?)?;
        let number = |name: &str| {
            report["stats"][name].as_u64().with_context(|| format!("no `{name}` in playwright's report"))
        };
        let flaky = number("flaky")?;
        self.add("playwright", number("expected")?, number("unexpected")? + flaky)?;
        if flaky > 0 {
            bail!("{flaky} browser test(s) passed only at a second try");
        }
        Ok(())
    }

    /// rustdoc's closing lines: `test result: ok. 3 passed; 0 failed; …`.
    pub(super) fn doctests(&mut self, output: &str) {
        for line in output.lines().filter(|line| line.starts_with("test result:")) {
            let words: Vec<_> = line.split_whitespace().collect();
            let before = |word: &str| {
                let at = words.iter().position(|found| found.trim_end_matches(';') == word)?;
                words.get(at.checked_sub(1)?)?.parse::<u64>().ok()
            };
            self.passed += before("passed").unwrap_or_default();
            self.failed += before("failed").unwrap_or_default();
        }
    }
}

fn read(report: &Path) -> Result<String> {
    fs::read_to_string(report).with_context(|| format!("no report was written to {}", report.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("xtask-counts-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn every_runner_is_summed() {
        let mut counts = Counts::default();
        let junit = r#"<?xml version="1.0"?><testsuites name="nextest-run" tests="12" failures="1" errors="1" uuid="x">"#;
        counts.junit("nextest", &file("junit", junit)).unwrap();
        let vitest = r#"{"numPassedTests":5,"numFailedTests":0,"success":true}"#;
        counts.vitest(&file("vitest", vitest)).unwrap();
        let playwright = r#"{"stats":{"expected":7,"unexpected":1,"flaky":1,"skipped":0}}"#;
        let flaky = counts.playwright(&file("playwright", playwright)).unwrap_err();
        assert_eq!(flaky.to_string(), "1 browser test(s) passed only at a second try");
        counts.doctests("test result: ok. 3 passed; 0 failed; 1 ignored; finished in 0.1s\nother");
        assert_eq!(counts.to_string(), "25 passed, 4 failed");
    }

    #[test]
    fn a_runner_without_a_test_is_a_failure() {
        let error = Counts::default()
            .junit("nextest", &file("empty", r#"<testsuites tests="0" failures="0" errors="0">"#));
        assert_eq!(error.unwrap_err().to_string(), "nextest ran no test");
    }

    #[test]
    fn a_missing_report_is_named() {
        let error = Counts::default().playwright(Path::new("target/none.json")).unwrap_err();
        assert_eq!(error.to_string(), "no report was written to target/none.json");
    }
}
