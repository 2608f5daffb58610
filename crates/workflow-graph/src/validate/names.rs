//! Agents, tools, connectors and workflows that the caller would have to know.

use std::collections::BTreeSet;

use crate::{
    Config, Graph,
    names::Names,
    problem::{Code, Problem, suggestion},
};

pub(super) fn check(graph: &Graph, names: &Names, problems: &mut Vec<Problem>) {
    for (index, node) in graph.nodes.iter().enumerate() {
        let mut check = |what: &str, field: &str, name: Option<&String>, known: &Option<BTreeSet<String>>| {
            let (Some(name), Some(known)) = (name, known) else { return };
            if !is_template(name) && !known.contains(name) {
                let near = suggestion(name, known.iter().map(String::as_str));
                let message = format!("there is no {what} {name}{near}");
                let at = format!("/nodes/{index}{field}");
                problems.push(Problem::error(Code::UnknownName, at, message).about(&node.id));
            }
        };
        check("agent", "/agent", node.agent.as_ref(), &names.agents);
        match &node.config {
            Config::Subworkflow(subworkflow) => {
                check("workflow", "/config/workflow", Some(&subworkflow.workflow), &names.workflows);
            }
            Config::Tool(tool) => {
                check("connector", "/config/connector", tool.connector.as_ref(), &names.connectors);
                let qualified = tool.connector.iter().zip(&tool.tool);
                let qualified = qualified.map(|(connector, tool)| format!("{connector}/{tool}")).next();
                let known_there = names
                    .tools
                    .as_ref()
                    .zip(qualified.as_ref())
                    .is_some_and(|(known, qualified)| known.contains(qualified));
                if tool.server.is_none() && !known_there {
                    check("tool", "/config/tool", tool.tool.as_ref(), &names.tools);
                }
            }
            Config::Agent(agent) => {
                // Canvases name tools for people; whether a name is one of the agent's tools, the run finds out.
                for (tool, name) in agent.tools.iter().flatten().enumerate() {
                    if names.tools.as_ref().is_some_and(|known| !known.contains(name)) {
                        let message = format!("there is no tool {name}; the agent works without it");
                        let at = format!("/nodes/{index}/config/tools/{tool}");
                        problems.push(Problem::warning(Code::UnknownName, at, message).about(&node.id));
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_template(name: &str) -> bool {
    name.contains("{{") || name.contains("${")
}
