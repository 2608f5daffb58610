#![doc = include_str!("../README.md")]

mod analytics;
mod canvases;
mod catalogue;
mod databases;
mod document;
mod error;
mod events;
mod executions;
mod folder;
mod fork;
mod hooks;
mod integrations;
mod journal;
mod notices;
mod opinions;
mod owner;
mod programs;
mod replay;
mod report;
mod requests;
mod resume;
mod runner;
mod schedules;
mod servers;
mod templates;
mod tools;
mod trial;

pub use analytics::Analytics;
pub use canvases::{CanvasPatch, CanvasView, Canvases};
pub use catalogue::{WorkflowPatch, WorkflowView, Workflows};
pub use conductor_workflow_graph::{
    Definition as NodeDefinition, Port as NodePort, Problem as GraphProblem, Severity, SourceFormat, Syntax,
    definitions as node_definitions, problem::Position,
};
pub use databases::Databases;
pub use document::{Checked, Document, Form, Written};
pub use error::{Error, Result};
pub use events::{Event, Events};
pub use executions::{Execution, Executions, Meant};
pub use hooks::{Delivery, Hooks, Signed};
pub use integrations::Integrations;
pub use notices::Notices;
pub use opinions::{Opinions, RatingsView};
pub use programs::Programs;
pub use replay::Replay;
pub use report::{Failure, NodeReport, Report};
pub use requests::Requests;
pub use resume::Resume;
pub use runner::{Difference, Runner, RunnerOptions};
pub use schedules::Schedules;
pub use servers::McpCalls;
pub use templates::{Template, TemplateView};
pub use tools::WorkflowTools;
pub use trial::{Trial, TrialDecision};
