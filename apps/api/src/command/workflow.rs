//! `conductor workflow check`: whether documents can run, without a server, for editors and build servers.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use conductor_workflows::{Checked, Document, GraphProblem, Position, Severity, Syntax};
use serde_json::{Value, json};

/// What can be done with workflows from a shell.
#[derive(Debug, Subcommand)]
pub(crate) enum Workflow {
    /// Reads documents of any form, YAML or JSON, and prints everything that is wrong with them. Changes nothing.
    Check(Check),
}

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The documents.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to print what is found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each problem.
    Text,
    /// One list of documents with their problems.
    Json,
}

/// Does it; a document that cannot run makes it fail. What only a server knows, such as names of agents, is not asked.
pub(crate) fn run(Workflow::Check(check): Workflow) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let (mut told, mut wrong) = (Vec::new(), 0_usize);
    for file in &check.files {
        let checked = read(file).map(|document| document.check());
        let sound = matches!(&checked, Ok(checked) if checked.problems.iter().all(is_warning));
        wrong += usize::from(!sound);
        match check.format {
            Format::Text => write!(out, "{}", sentences(file, &checked))?,
            Format::Json => told.push(entry(file, sound, &checked)),
        }
    }
    if check.format == Format::Json {
        writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
    }
    if wrong > 0 {
        bail!("{wrong} of {} document(s) cannot run", check.files.len());
    }
    Ok(())
}

fn read(file: &Path) -> Result<Document, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))?;
    Ok(Document::Text(Syntax::of(&text), text))
}

fn is_warning(problem: &GraphProblem) -> bool {
    problem.severity == Severity::Warning
}

/// A line for each problem that starts with where it is, as compilers write it.
fn sentences(file: &Path, checked: &Result<Checked, String>) -> String {
    let file = file.display();
    match checked {
        Err(why) => format!("{file}: error: {why}\n"),
        Ok(checked) if checked.problems.is_empty() => {
            let format = checked.format.map_or("", |format| format.as_str());
            format!("{file}: sound ({format})\n")
        }
        Ok(checked) => {
            let line = |problem: &GraphProblem| match problem.position {
                Some(Position { line, column }) => {
                    format!("{file}:{line}:{column}: {}: {}\n", problem.severity, problem.message)
                }
                None => format!("{file}: {problem}\n"),
            };
            checked.problems.iter().map(line).collect()
        }
    }
}

fn entry(file: &Path, sound: bool, checked: &Result<Checked, String>) -> Value {
    let file = file.display().to_string();
    match checked {
        Err(why) => json!({ "file": file, "sound": false, "error": why, "problems": [] }),
        Ok(checked) => {
            let format = checked.format.map(|format| format.as_str());
            json!({ "file": file, "sound": sound, "format": format, "problems": checked.problems })
        }
    }
}
