//! What is said of documents that cannot run: everything at once, with its node and field.

use conductor_workflow_graph::{Graph, Limits, Names, Severity, import};

fn said(text: &str) -> String {
    let imported = import(text, &Limits::default(), &Names::any());
    let problems: Vec<_> =
        imported.problems.iter().map(|problem| format!("{problem} [{}]", problem.code)).collect();
    problems.join("\n")
}

#[test]
fn texts_that_are_no_documents() {
    let texts = [
        "",
        "   \n",
        "just a text",
        "42",
        "[1, 2]",
        "{\"name\": }",
        "{\n  \"name\": \"a\",\n  \"name\": \"b\"\n}",
        "name: a\n  steps: b\n",
        "name: [a\nsteps: {",
        "name: a\nname: b\n",
        "{\"name\": \"x\"}",
        "name: \"open",
        "a: .inf\nsteps: []",
        "a: 1\n---\nb: 2\n",
        "steps: *nowhere",
        "\tname: a",
        "{} trailing",
        "name: a\nsteps:\n  - id: {{inputs.x}}\n",
    ];
    insta::assert_snapshot!(
        "no_documents",
        texts.map(|text| format!("{text:?}\n{}\n", said(text))).join("\n")
    );
}

#[test]
fn everything_wrong_with_a_conductor_document_at_once() {
    insta::assert_snapshot!(
        "conductor",
        said(
            r#"
name: broken
titel: Typo
version: 3
inputs: [{name: order, type: text}]
graph:
  nodes:
    - {id: a, agent: one, inputs: {q: "${order", r: "${b.output + 1}"}}
    - {id: a, agent: two}
    - {id: b, kind: agnet, config: {whatever: 1}}
    - {id: c, kind: http, config: {methd: GET, url: ftp://x, headers: [1]}, retry: {max: -1, often: 2}}
    - {id: d, kind: condition, config: {cases: [{port: x}, {expression: "1 + 'a' > 2", port: x}, {expression: "1 / 2"}]}}
    - {id: e, mcp_server: crm}
    - {id: f, kind: database, config: {data_source: primary, db_type: mysql, action: find}}
    - {id: g, kind: human, config: {decisions: [yes, yes], escalate_to: [boss]}}
    - {id: h, kind: loop, config: {until: "steps.zz.output.done"}}
    - {id: i, kind: wait, guard: "inputs.ordr > 1"}
    - {id: j, kind: review, config: {prompt: "{{steps.k.output.x", min_confidence: 7}}
    - {id: k, kind: end}
    - {id: now, kind: code, on_error: fallback, config: {code: "{{ not a template"}}
    - nonsense
    - {agent: nameless}
  edges:
    - {from: a, to: d}
    - {from: a, to: nowhere}
    - {from: d, port: y, to: e}
    - {from: e, to: f}
    - {from: f, to: e}
    - {from: k, to: a}
    - {from: c, port: error, to: k}
    - {from: h, to: h}
    - {id: e1, from: g, port: "decision:maybe", to: k}
    - {to: k, label: x}
  entry: [a, z]
  exit: k
"#
        )
    );
}

#[test]
fn everything_wrong_with_a_hybrid_document_at_once() {
    insta::assert_snapshot!(
        "hybrid",
        said(
            r##"
name: broken
inputs: []
steps:
  - id: one
    type: mcp
    config:
      parameters: {a: "{{inputs.}}", deep: [{b: "{{steps.tow.output}}"}]}
      agent: sales
  - id: two
    type: agent
    on_error: ignore
    config: {agentType: sales, prompt: "{{steps.one.output.x > }}", temperature: hot}
  - id: three
    type: conditional
    if_true:
      - {id: one, type: slack, config: {operation: messages.send, chanel: "#a", text: hi}}
      - {id: four, type: databse, config: {}}
    if_false: {id: five}
  - id: six
    type: database
    condition: "{{steps.three.output.x / 0 === 1 && 'a'}}"
    config: {operation: primary.select, query: x}
  - {id: seven, type: database, config: {operation: primary.oracle.merge}}
  - {id: eight, type: email, config: {to: [a], template: t}, retries: 3}
  - {id: nine, type: shopify}
  - {id: ten, type: http, config: {url: "{{inputs.url}}", method: FETCH}}
  - type: agent
"##
        )
    );
}

#[test]
fn everything_wrong_with_a_canvas_document_at_once() {
    insta::assert_snapshot!(
        "canvas",
        said(
            r#"{
  "title": "Broken",
  "nodes": [
    {"id": 1, "type": "Start", "config": {"triggerType": "phone", "inputVariables": [{"name": "value", "type": "money"}]}},
    {"id": 2, "type": "Agent", "name": "Scorer", "config": {"maxIterations": 2.5, "tools": ["a", 3]}},
    {"id": 3, "type": "Conditional", "config": {"branches": [
      {"type": "if", "condition": "score < ", "targetNodeId": 4},
      {"type": "elif", "condition": "value < 'x'", "targetNodeId": 9},
      {"type": "else", "condition": "true", "targetNodeId": 2}
    ]}},
    {"id": 4, "type": "API", "config": {"method": "get", "url": "", "authentication": "basic", "token": "x"}},
    {"id": 4, "type": "HITL", "config": {"priority": "asap"}},
    {"id": 6, "type": "Robot", "x": "left"},
    {"id": "7", "type": "End"},
    {"type": "End"},
    {"id": 8, "type": "API", "config": {"url": "https://a", "auth": {"type": "bearer", "token": "sk-1"}}}
  ],
  "connections": [
    {"id": 1, "from": 1, "to": 2}, {"id": 1, "from": 2, "to": 3}, {"id": 3, "from": 3, "to": 4},
    {"id": 4, "from": 3, "to": 8}, {"id": 5, "from": 4}, {"from": 4, "to": 77}
  ]
}"#
        )
    );
}

#[test]
fn limits_are_told_with_their_numbers() {
    let limits = Limits { nodes: 2, edges: 1, bytes: 400, depth: 5, problems: 3 };
    let said = |text: &str| {
        let imported = import(text, &limits, &Names::any());
        imported.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let steps = "{id: a, type: mcp, config: {tool_name: t}}";
    let texts = [
        format!("name: a\nsteps: [{steps}, {steps}, {steps}]"),
        "name: a\nnodes: [{id: a, agent: x}, {id: b, agent: x}, {id: c, agent: x}]\nedges: []".to_owned(),
        "name: a\nnodes: [{id: a, agent: x}, {id: b, agent: x}]\nedges: [{from: a, to: b}, {from: a, to: b}]"
            .to_owned(),
        "{\"a\": [[[[[1]]]]]}".to_owned(),
        "a: [[[[[1]]]]]".to_owned(),
        format!("name: {}", "x".repeat(500)),
        "name: a\na: 1\nb: 2\nc: 3\nd: 4\nsteps: []".to_owned(),
    ];
    insta::assert_snapshot!("limits", texts.map(|text| format!("{}\n", said(&text))).join("\n"));
}

#[test]
fn cycles_are_meant_only_where_something_decides() {
    let graph = |edges: &str| {
        said(&format!(
            "{{name: cycle, nodes: [{{id: a, agent: x}}, {{id: b, agent: x}}, \
             {{id: l, kind: loop, config: {{max_iterations: 3}}}}, {{id: r, kind: review, config: {{prompt: p}}}}, \
             {{id: h, kind: human, config: {{title: t}}}}, {{id: z, kind: end}}], entry: a, exit: z, edges: [{edges}]}}"
        ).replacen('{', "---\n{", 1))
    };
    let sound = "{from: a, to: l}, {from: l, port: loop, to: b}, {from: b, to: l}, {from: l, to: r}, \
                 {from: r, port: fail, to: a}, {from: r, to: h}, {from: h, port: 'decision:reject', to: a}, {from: h, to: z}";
    assert_eq!(graph(sound), "");
    // A review that passes and a decision that is none lead on, so they do not excuse a cycle.
    let passing = "{from: a, to: r}, {from: r, to: a}, {from: r, port: fail, to: h}, {from: h, to: l}, \
                   {from: l, port: loop, to: b}, {from: b, to: l}, {from: l, to: z}";
    insta::assert_snapshot!("cycle_of_a_passing_review", graph(passing));
    let waiting = "{from: a, to: b}, {from: b, to: a}, {from: b, to: l}, {from: l, port: loop, to: r}, {from: r, to: h}, {from: h, to: h}, {from: l, to: z}";
    insta::assert_snapshot!("cycles", graph(waiting));
}

#[test]
fn types_are_checked_as_far_as_they_are_known() {
    let text = r#"
name: types
inputs: [{name: count, type: number}, {name: label, type: string}, {name: flags, type: array}]
variables: {limit: 3}
nodes:
  - {id: a, agent: x, guard: "inputs.count + 1"}
  - {id: b, agent: x, guard: "inputs.label > inputs.count"}
  - {id: c, agent: x, guard: "NOT count"}
  - {id: d, agent: x, guard: "count > var.limit AND contains(flags, label)"}
  - {id: m, kind: map, config: {over: "{{inputs.label}}"}}
  - {id: n, agent: x, inputs: {text: "{{label * 2}} and {{length(count)}}"}}
edges: [{from: a, to: b}, {from: b, to: c}, {from: c, to: d}, {from: d, to: m}, {from: m, port: loop, to: n}, {from: n, to: m}]
exit: m
"#;
    insta::assert_snapshot!("types", said(text));
}

#[test]
fn names_are_read_only_where_something_gives_them() {
    let text = r#"
name: names
inputs: [{name: count}]
nodes:
  - {id: first, agent: x, guard: "scor > 1"}
  - {id: second, agent: x, guard: "score > 1 AND var.limt", inputs: {a: "${third.output}", b: "${secnd.output}"}}
  - {id: third, kind: transform, inputs: {total: 1}}
  - {id: fourth, agent: x, guard: "total > third.result.total"}
  - {id: alone, agent: x}
edges: [{from: first, to: second}, {from: second, to: third}, {from: third, to: fourth, condition: "third.output.total > 0"}]
entry: first
exit: fourth
"#;
    insta::assert_snapshot!("names", said(text));
}

#[test]
fn many_warnings_are_no_error_and_hide_none() {
    let alone = |count: usize| {
        (0..count).map(|index| format!("{{id: n{index}, agent: x}}")).collect::<Vec<_>>().join(", ")
    };
    let document = |count: usize, guard: &str| {
        let text = format!(
            "name: a\nnodes: [{}, {{id: z, agent: x, guard: '{guard}'}}]\nentry: n0\nexit: n0\n",
            alone(count)
        );
        import(&text, &Limits::default(), &Names::any()).into_graph()
    };
    let (_, warnings) = document(300, "true").unwrap();
    assert_eq!(warnings.len(), 201);
    assert!(document(300, "1 +").is_err());
    // Where so much is wrong that the guard is not reached, the rest cannot pass.
    let limits = Limits { nodes: 2_000, ..Limits::default() };
    let text = format!(
        "name: a\nnodes: [{}, {{id: z, agent: x, guard: '1 +'}}]\nentry: n0\nexit: n0\n",
        alone(1_500)
    );
    assert!(import(&text, &limits, &Names::any()).into_graph().is_err());
}

#[test]
fn a_draft_is_kept_with_its_problems() {
    let imported = import("name: draft\nnodes: [{id: a, kind: http}]", &Limits::default(), &Names::any());
    assert_eq!(imported.graph.as_ref().map(|graph| graph.nodes.len()), Some(1));
    assert!(imported.problems.iter().any(|problem| problem.severity == Severity::Error));
    assert!(imported.into_graph().is_err());
}

#[test]
fn a_stored_graph_that_is_none_says_why() {
    let error =
        serde_json::from_str::<Graph>(r#"{"name": "a", "nodes": [{"id": "b", "kindd": 1}]}"#).unwrap_err();
    assert!(error.to_string().contains("kindd"), "{error}");
}
