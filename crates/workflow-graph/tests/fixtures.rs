//! Every sample of the formats is read, found sound, written in each form, and read again as the same graph.

use std::{collections::BTreeMap, fs, path::PathBuf};

use conductor_workflow_graph::{
    Graph, Limits, Names, Severity, SourceFormat, import, import_value, to_canvas, to_conductor, to_hybrid,
    to_yaml,
};

fn text(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    fs::read_to_string(path).unwrap()
}

fn graph(name: &str) -> Graph {
    let imported = import(&text(name), &Limits::default(), &Names::any());
    let (graph, warnings) = imported.into_graph().unwrap_or_else(|error| panic!("{name}: {:#?}", error.0));
    let expected = match name {
        "hybrid/database-fallback.yaml" => 1, // the sample's placeholder has no value
        _ => 0,
    };
    assert_eq!(warnings.len(), expected, "{name}: {warnings:#?}");
    graph
}

fn samples() -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut samples = Vec::new();
    for folder in ["canvas", "conductor", "hybrid"] {
        for file in fs::read_dir(root.join(folder)).unwrap() {
            samples.push(format!("{folder}/{}", file.unwrap().file_name().to_string_lossy()));
        }
    }
    samples.sort();
    assert!(samples.len() >= 14, "the samples are gone");
    samples
}

#[test]
fn every_sample_is_read_and_sound() {
    for name in samples() {
        let graph = graph(&name);
        let expected = match name.split('/').next().unwrap() {
            "hybrid" => SourceFormat::Hybrid,
            "canvas" => SourceFormat::Canvas,
            _ => SourceFormat::Conductor,
        };
        assert_eq!(graph.source_format, expected, "{name}");
    }
}

#[test]
fn every_sample_survives_every_form() {
    for name in samples() {
        let graph = graph(&name);
        let stored = serde_json::to_string(&graph).unwrap();
        assert_eq!(serde_json::from_str::<Graph>(&stored).unwrap(), graph, "{name}, stored");
        for (form, document) in [("conductor", to_conductor(&graph)), ("canvas", to_canvas(&graph))] {
            let again = import_value(&document, &Limits::default(), &Names::any());
            assert_eq!(again.graph.as_ref(), Some(&graph), "{name} as {form}: {:#?}", again.problems);
            let yaml = to_yaml(&document);
            let again = import(&yaml, &Limits::default(), &Names::any());
            assert_eq!(again.graph.as_ref(), Some(&graph), "{name} as {form} in YAML: {:#?}", again.problems);
            let json = serde_json::to_string_pretty(&document).unwrap();
            let again = import(&json, &Limits::default(), &Names::any());
            assert_eq!(again.graph.as_ref(), Some(&graph), "{name} as {form} in JSON: {:#?}", again.problems);
        }
    }
}

#[test]
fn every_sample_of_steps_survives_as_steps() {
    let samples: Vec<_> = samples().into_iter().filter(|name| name.starts_with("hybrid/")).collect();
    assert!(samples.len() >= 9, "the samples are gone");
    for name in samples {
        let graph = graph(&name);
        let written = to_hybrid(&graph).unwrap_or_else(|error| panic!("{name}: {:#?}", error.0));
        for text in [to_yaml(&written), written.to_string()] {
            let again = import(&text, &Limits::default(), &Names::any());
            assert_eq!(again.graph.as_ref(), Some(&graph), "{name}: {:#?}\n{text}", again.problems);
        }
    }
}

#[test]
fn a_conductor_document_comes_back_as_it_was() {
    let graph = graph("conductor/research-and-write-workflow.yaml");
    assert_eq!(to_yaml(&to_conductor(&graph)), text("conductor/research-and-write-workflow.yaml"));
}

#[test]
fn a_canvas_document_comes_back_as_it_was() {
    let written = text("canvas/proposal-generation-workflow.json");
    let graph = graph("canvas/proposal-generation-workflow.json");
    let again = serde_json::to_string_pretty(&to_canvas(&graph)).unwrap();
    let sorted = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(sorted(&again), sorted(&written));
}

#[test]
fn forms_of_the_samples() {
    let order = graph("hybrid/intelligent-order-processing.yaml");
    insta::assert_json_snapshot!("order_processing_stored", order);
    insta::assert_snapshot!("order_processing_as_conductor", to_yaml(&to_conductor(&order)));
    insta::assert_json_snapshot!("order_processing_as_canvas", to_canvas(&order));
    let research = graph("conductor/market-research-workflow.json");
    insta::assert_snapshot!("market_research_as_conductor", to_yaml(&to_conductor(&research)));
    insta::assert_json_snapshot!("small_samples_stored", graph("canvas/small-samples.json"));
}

/// The edges as `from.port -> to`.
fn drawn(graph: &Graph) -> Vec<String> {
    let edges = graph.edges.iter().map(|edge| match edge.port.as_str() {
        "out" => format!("{} -> {}", edge.from, edge.to),
        port => format!("{}.{port} -> {}", edge.from, edge.to),
    });
    edges.collect()
}

#[test]
fn branches_meet_again_at_the_next_step() {
    let graph = graph("hybrid/predictive-maintenance.yaml");
    assert_eq!(
        drawn(&graph),
        [
            "diagnose -> urgent",
            "urgent.true -> reserve_part",
            "reserve_part.true -> check_parts",
            "check_parts -> create_work_order",
            "reserve_part.false -> create_work_order",
            "create_work_order -> log_event",
            "urgent.false -> log_event",
        ]
    );
    assert_eq!(
        (graph.entry.as_slice(), graph.exit.as_slice()),
        (&["diagnose".to_owned()][..], &["log_event".to_owned()][..])
    );
}

#[test]
fn branches_of_a_canvas_become_ports() {
    let graph = graph("canvas/proposal-generation-workflow.json");
    let branches: Vec<_> = drawn(&graph).into_iter().filter(|edge| edge.starts_with("5003")).collect();
    assert_eq!(branches, ["5003.case:0 -> 5004", "5003.else -> 5005"]);
    assert_eq!(
        (graph.name.as_str(), graph.nodes.len(), graph.edges.len()),
        ("proposal-generation-workflow", 13, 13)
    );
}

#[test]
fn fan_in_and_entry_follow_from_the_edges() {
    let graph = graph("conductor/market-research-workflow.json");
    assert_eq!(graph.entry, ["search_web", "search_internal_docs", "query_crm"]);
    assert_eq!(graph.exit, ["synthesize"]);
}

#[test]
fn agents_are_asked_for_the_fields_that_are_read() {
    let mut asked = BTreeMap::new();
    for name in samples() {
        let graph = graph(&name);
        for node in
            graph.nodes.iter().filter(|node| node.config.kind() == conductor_workflow_graph::Kind::Agent)
        {
            let fields = graph.fields_read_from(&node.id);
            let fields: BTreeMap<_, _> =
                fields.into_iter().map(|(field, of)| (field, of.to_string())).collect();
            asked.insert(format!("{name}: {}", node.id), fields);
        }
    }
    insta::assert_json_snapshot!("fields_read_from_agents", asked);
}

#[test]
fn inputs_are_found_in_the_texts() {
    let graph = graph("hybrid/smart-order-processing.yaml");
    let inputs: Vec<_> = graph.inputs_read().into_iter().collect();
    assert_eq!(inputs, ["customer_email", "customer_id", "order_details", "order_id"]);
}

#[test]
fn a_workflow_that_nothing_is_known_of_names_what_is_missing() {
    let names = Names {
        agents: Some(["sales".to_owned()].into()),
        tools: Some(["crm/search_customers".to_owned(), "get_customer_order".to_owned()].into()),
        connectors: Some(["primary".to_owned()].into()),
        workflows: Some(Default::default()),
        env: Some(Default::default()),
    };
    let imported = import(&text("hybrid/smart-order-processing.yaml"), &Limits::default(), &names);
    let errors = imported.problems.iter().filter(|problem| problem.severity == Severity::Error);
    insta::assert_snapshot!("unknown_names", errors.map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}
