#![doc = include_str!("../README.md")]

mod catalogue;
mod document;
mod error;

pub use catalogue::{WorkflowPatch, WorkflowView, Workflows};
pub use conductor_workflow_graph::{
    Problem as GraphProblem, Severity, SourceFormat, Syntax, problem::Position,
};
pub use document::{Checked, Document, Form, Written};
pub use error::{Error, Result};
