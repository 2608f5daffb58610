//! What a list of steps has no words for is refused as a whole, with every node and the reason.

use conductor_workflow_graph::{Graph, Limits, Names, Unsayable, import, import_value, to_hybrid, to_yaml};
use serde_json::{Value, json};

fn graph(text: &str) -> Graph {
    let imported = import(text, &Limits::default(), &Names::any());
    imported.graph.unwrap_or_else(|| panic!("{:#?}", imported.problems))
}

fn refused(graph: &Graph) -> Vec<String> {
    let Unsayable(problems) = to_hybrid(graph).expect_err("steps cannot say it");
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_node_that_steps_cannot_say_is_named_with_its_reason() {
    let graph = graph(include_str!("fixtures/conductor/every-kind.yaml"));
    let refused = refused(&graph);
    for kind in ["parallel", "map", "join", "loop", "code", "review", "human", "transform", "wait"] {
        let nodes = graph.nodes.iter().filter(|node| node.config.kind().as_str() == kind);
        for node in nodes {
            let named = format!("error in {} at ", node.id);
            assert!(refused.iter().any(|problem| problem.starts_with(&named)), "{kind}: {refused:#?}");
        }
    }
}

#[test]
fn what_a_step_has_no_place_for_is_named_field_by_field() {
    let graph = graph(
        "
name: fields
triggers: [{ type: webhook }]
limits: { max_tokens: 10 }
graph:
  nodes:
    - id: ask
      kind: agent
      agent: sales
      config: { prompt: Go, max_rounds: 3 }
      retry: { max: 2, delay_ms: 10 }
      timeout_ms: 500
    - id: call
      kind: http
      config: { method: GET, url: 'https://example.com', endpoint: /x }
      on_error: fallback
  edges:
    - { from: ask, to: call }
",
    );
    let Unsayable(problems) = to_hybrid(&graph).unwrap_err();
    let mut pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/limits",
            "/nodes/0/config/max_rounds",
            "/nodes/0/retry",
            "/nodes/0/timeout_ms",
            "/nodes/1/config/endpoint",
            "/nodes/1/on_error",
            "/triggers/0",
        ]
    );
    assert!(problems.iter().all(|problem| problem.code.as_str() == "unsayable"));
}

fn drawn(nodes: Value, edges: &[(&str, &str, &str)]) -> Graph {
    let edges: Vec<_> =
        edges.iter().map(|(from, port, to)| json!({ "from": from, "port": port, "to": to })).collect();
    let document = json!({ "name": "drawn", "nodes": nodes, "edges": edges });
    import_value(&document, &Limits::default(), &Names::any()).graph.unwrap()
}

fn agent(id: &str) -> Value {
    json!({ "id": id, "kind": "agent", "agent": "sales", "config": { "prompt": "Go" } })
}

fn choice(id: &str, ports: [&str; 2]) -> Value {
    json!({ "id": id, "kind": "condition", "config": { "cases": [
        { "expression": "inputs.x > 1", "port": ports[0] }, { "port": ports[1] },
    ] } })
}

#[test]
fn a_drawn_workflow_is_a_list_of_steps() {
    let nodes = json!([
        { "id": "start", "kind": "start", "layout": { "x": 0, "y": 0 } },
        agent("first"),
        choice("which", ["case:0", "else"]),
        { "id": "large", "kind": "agent", "agent": "sales", "guard": "NOT first.output.small AND (input.a = 1 OR input.b)",
          "config": { "prompt": "It is ${first.output.size}, {{inputs.x}}: {${first.output.price} costs $5" } },
        { "id": "last", "kind": "agent", "agent": "sales", "config": { "prompt": "Sum up ${first.output.size} for {{first.output.who}}" } },
        { "id": "end", "kind": "end", "name": "Done" },
    ]);
    let graph = drawn(
        nodes,
        &[
            ("start", "out", "first"),
            ("first", "out", "which"),
            ("which", "case:0", "large"),
            ("which", "else", "last"),
            ("large", "out", "last"),
            ("last", "out", "end"),
        ],
    );
    let written = to_hybrid(&graph).unwrap();
    let ids = |steps: &Value| -> Vec<String> {
        steps.as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&written["steps"]), ["first", "which", "last"]);
    assert_eq!(ids(&written["steps"][1]["if_true"]), ["large"]);
    assert_eq!(
        (&written["steps"][1]["condition"], &written["steps"][1]["if_false"]),
        (&json!("{{inputs.x > 1}}"), &Value::Null)
    );
    // Other readers of steps know one syntax, so the others are respelt; where that would read otherwise, they stay.
    let large = &written["steps"][1]["if_true"][0];
    assert_eq!(large["condition"], "{{!(steps.first.output.small) && (inputs.a == 1 || inputs.b)}}");
    assert_eq!(
        large["config"]["prompt"],
        "It is ${first.output.size}, {{inputs.x}}: {${first.output.price} costs $5"
    );
    assert_eq!(
        written["steps"][2]["config"]["prompt"],
        "Sum up {{steps.first.output.size}} for {{steps.first.output.who}}"
    );
    let again = import(&to_yaml(&written), &Limits::default(), &Names::any());
    let (again, _) = again.into_graph().unwrap();
    assert_eq!((again.nodes.len(), again.edges.len()), (4, 4));
}

#[test]
fn ways_that_no_list_has_are_refused_where_they_part_or_cross() {
    let parts = drawn(json!([agent("a"), agent("b"), agent("c")]), &[("a", "out", "b"), ("a", "out", "c")]);
    assert!(
        refused(&parts).iter().any(|problem| problem.contains("error in a at /nodes/0: more than one way"))
    );
    let begins = drawn(json!([agent("a"), agent("b"), agent("c")]), &[("a", "out", "c"), ("b", "out", "c")]);
    assert!(refused(&begins).iter().any(|problem| problem.contains("begins with 2 nodes at once")));
    // The second condition leads into a branch of the first.
    let crosses = drawn(
        json!([choice("one", ["true", "false"]), choice("two", ["true", "false"]), agent("y"), agent("z")]),
        &[
            ("one", "true", "two"),
            ("one", "false", "y"),
            ("two", "true", "y"),
            ("two", "false", "z"),
            ("y", "out", "z"),
        ],
    );
    assert!(
        refused(&crosses)
            .iter()
            .any(|problem| problem.starts_with("error in y at /nodes/2: several branches"))
    );
    let round = drawn(json!([agent("a"), agent("b")]), &[("a", "out", "b"), ("b", "out", "a")]);
    assert!(!refused(&round).is_empty());
}

#[test]
fn steps_read_by_their_names_are_refused() {
    let named = json!({ "id": "a", "name": "First one", "kind": "agent", "agent": "sales", "config": { "prompt": "Go" } });
    let reads = json!({ "id": "b", "kind": "agent", "agent": "sales",
        "config": { "prompt": "{{steps[\"First one\"].output.x}}" } });
    let graph = drawn(json!([named, reads]), &[("a", "out", "b")]);
    assert!(refused(&graph).iter().any(|problem| problem.starts_with("error in b at /nodes/1: it reads")));
}

#[test]
fn a_step_of_google_sheets_is_written_either_way_and_told_what_it_needs() {
    for word in ["google_sheets", "googlesheets"] {
        let text = format!(
            "
name: sheets
steps:
  - id: add
    type: {word}
    config: {{ operation: values.append, spreadsheetId: '1', range: A1, values: [['{{{{inputs.x}}}}']], credentials: OWN_GOOGLE_SHEETS }}
"
        );
        let (graph, _) = import(&text, &Limits::default(), &Names::any()).into_graph().unwrap();
        let written = to_hybrid(&graph).unwrap();
        let step = &written["steps"][0];
        assert_eq!((&step["type"], &step["config"]["range"]), (&json!("google_sheets"), &json!("A1")));
        assert_eq!(import_value(&written, &Limits::default(), &Names::any()).graph, Some(graph));
    }
    let lacks = "
name: sheets
steps:
  - { id: add, type: google_sheets, config: { operation: values.append, spreadsheetId: '1', sheet: A } }
";
    let problems = import(lacks, &Limits::default(), &Names::any()).problems;
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    for word in ["no field \"sheet\"", "needs range", "needs values"] {
        assert!(told.iter().any(|one| one.contains(word)), "{word}: {told:#?}");
    }
}
