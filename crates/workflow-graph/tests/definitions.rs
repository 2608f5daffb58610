//! The kinds of nodes as they are published: every one is there, its example is sound, and the page calls it the same.

use std::collections::BTreeSet;

use conductor_workflow_graph::{
    Kind, Limits, Names, definitions, import, import_value, to_conductor, to_yaml,
};

/// The page's own words for the kinds, which it shows before it has asked the server anything.
const PAGE: &str = include_str!("../../../frontend/src/features/workflows/model/kinds.ts");

#[test]
fn every_kind_is_told_of_once() {
    let told: Vec<Kind> = definitions().iter().map(|definition| definition.kind).collect();
    assert_eq!(told, Kind::ALL);
    let names: BTreeSet<&str> = definitions().iter().map(|definition| definition.name).collect();
    assert_eq!(names.len(), Kind::ALL.len(), "two kinds have one name");
}

#[test]
fn every_example_is_sound_and_has_a_node_of_its_kind() {
    for definition in definitions() {
        let kind = definition.kind;
        let imported = import_value(&definition.example, &Limits::default(), &Names::any());
        assert!(imported.problems.is_empty(), "{kind}: {:#?}", imported.problems);
        let graph = imported.graph.unwrap();
        let node = graph.nodes.iter().find(|node| node.config.kind() == kind);
        let node = node.unwrap_or_else(|| panic!("the example of {kind} has none"));
        for port in node.ports() {
            assert!(definition.ports.iter().any(|told| told.name == port), "{kind} leaves by {port}");
        }
        // What is told of the settings holds for the example's.
        let written = definition.example["nodes"].as_array().unwrap().iter();
        let config =
            written.filter(|one| one["kind"] == kind.as_str()).find_map(|one| one["config"].as_object());
        let known = definition.config["properties"].as_object().unwrap();
        let given: BTreeSet<&String> = config.into_iter().flatten().map(|(field, _)| field).collect();
        assert!(given.iter().all(|field| known.contains_key(*field)), "{kind}: {given:?}");
        for needed in definition.config["required"].as_array().unwrap() {
            assert!(given.iter().any(|field| *field == needed), "the example of {kind} has no {needed}");
        }
        // Also as people write it.
        let text = to_yaml(&to_conductor(&graph));
        assert_eq!(import(&text, &Limits::default(), &Names::any()).graph, Some(graph), "{text}");
    }
}

#[test]
fn the_page_says_the_same() {
    for definition in definitions() {
        for said in [definition.name, definition.description] {
            assert!(PAGE.contains(&format!("t('{said}')")), "the page does not say {said:?}");
        }
    }
}
