#![doc = include_str!("../README.md")]

mod canvas;
mod conductor;
mod definition;
mod document;
mod export;
pub mod expression;
mod fields;
mod graph;
mod hybrid;
mod import;
pub mod kind;
mod limits;
mod names;
mod node;
pub mod problem;
mod reads;
mod time_table;
mod trigger;
mod validate;
mod word;

pub use definition::{Definition, Port, definitions};
pub use document::{Syntax, parse};
pub use export::{to_canvas, to_conductor, to_hybrid, to_yaml};
pub use expression::{Expression, Fuel, Reference, Root, Scope, Segment, Template};
pub use graph::{
    ELSE, ERROR, Edge, FAIL, Graph, Input, LOOP, OUT, Output, RunCaps, SCHEMA, SourceFormat, ValueType,
};
pub use import::{Imported, import, import_as, import_value};
pub use kind::{Config, Kind};
pub use limits::Limits;
pub use names::Names;
pub use node::{Backoff, Layout, Node, OnError, Retry};
pub use problem::{Invalid, Problem, Severity, Unsayable};
pub use reads::FieldsRead;
pub use time_table::{TimeTable, Unsound};
pub use trigger::{EVENT_NAME, Trigger, is_event_name};
pub use validate::validate;
