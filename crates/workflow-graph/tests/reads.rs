//! What agents are asked for: the fields that somebody reads, of the agent that can know them.

use conductor_workflow_graph::{Limits, Names, import};

/// What each of `agents` is asked for, as `field: type`.
fn asked(text: &str, agents: &[&str]) -> Vec<String> {
    let imported = import(text, &Limits::default(), &Names::any());
    let (graph, _) = imported.into_graph().unwrap_or_else(|error| panic!("{:#?}", error.0));
    let asked = agents.iter().map(|agent| {
        let fields = graph.fields_read_from(agent);
        let fields: Vec<_> = fields.iter().map(|(field, of)| format!("{field}: {of}")).collect();
        format!("{agent} {{{}}}", fields.join(", "))
    });
    asked.collect()
}

#[test]
fn types_follow_from_what_a_field_is_compared_with() {
    let text = "
name: types
nodes:
  - {id: a, agent: x, config: {output_fields: [extra]}, kind: agent}
  - id: b
    agent: x
    guard: a.output.done AND NOT a.output.failed
    inputs:
      one: '{{steps.a.output.score * 2 > 3}}'
      two: '{{steps.a.output.label == \"high\"}} and {{steps.a.output.items[0].name == \"x\"}}'
      three: ${a.output.whole.inner}
      four: '{{steps.a.output.score}} {{steps.a.output[0]}} {{length(steps.a.output.list)}}'
outputs:
  - {name: total, type: number, from: a.output.total}
  - {name: list, type: array, from: '{{a.output.list}}'}
edges: [{from: a, to: b, condition: 'a.output.ready'}]
";
    assert_eq!(
        asked(text, &["a", "b"]),
        [
            "a {done: boolean, extra: any, failed: boolean, items: any, label: string, list: array, ready: boolean, \
             score: number, total: number, whole: any}",
            "b {}"
        ]
    );
}

#[test]
fn a_bare_name_is_asked_of_the_nearest_agents_before() {
    let text = "
name: bare
inputs: [{name: limit, type: number, required: true}]
variables: {known: 1}
nodes:
  - {id: far, agent: x}
  - {id: split, kind: parallel}
  - {id: left, agent: x}
  - {id: right, agent: x}
  - {id: fetch, kind: http, config: {url: 'https://example.com'}}
  - {id: price, kind: code, config: {code: 'price = 1'}}
  - {id: route, kind: condition, config: {cases: [{expression: 'score > limit AND price > known', port: high}, {port: low}]}}
  - {id: done, kind: end}
outputs: [{name: score, type: number}, {name: receipt, type: string}, {name: price, type: number}]
edges:
  - {from: far, to: split}
  - {from: split, to: left}
  - {from: split, to: right}
  - {from: left, to: price}
  - {from: right, to: price}
  - {from: price, to: route}
  - {from: route, port: high, to: fetch}
  - {from: route, port: low, to: done}
  - {from: fetch, to: done}
entry: far
";
    // `receipt` may be null at the end, yet on the way past `fetch` an agent could be the one that gives it.
    assert_eq!(
        asked(text, &["far", "left", "right"]),
        ["far {}", "left {receipt: string, score: number}", "right {receipt: string, score: number}"]
    );
}

#[test]
fn what_an_interface_gives_at_the_end_is_not_made_up_by_an_agent() {
    let text = "
name: submit
nodes:
  - {id: writer, agent: x}
  - {id: submit, kind: http, config: {url: 'https://example.com'}}
  - {id: done, kind: end}
outputs: [{name: receipt, type: string}]
edges: [{from: writer, to: submit}, {from: submit, to: done}]
";
    assert_eq!(asked(text, &["writer"]), ["writer {}"]);
    let needed = text.replace("kind: end", "kind: end, guard: 'receipt != null'");
    assert_eq!(asked(&needed, &["writer"]), ["writer {receipt: any}"]);
}

#[test]
fn what_is_read_of_the_surroundings_is_found_wherever_it_stands() {
    let text = "
name: surroundings
nodes:
  - {id: a, kind: transform, guard: context.open, inputs: {deep: [{word: 'at ${context.company.name}'}]}}
  - {id: b, kind: transform, inputs: {context: 'no context here', in: '{{inputs.context}} {{steps.a.output.context}}'}}
outputs: [{name: where, from: '{{context.city}}'}]
edges: [{from: a, to: b, condition: 'context.limits.most > 3'}]
";
    let read = |text: &str| {
        let (graph, _) = import(text, &Limits::default(), &Names::any()).into_graph().unwrap();
        graph.context_read().map(|fields| fields.into_iter().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(read(text).as_deref(), Some("city company limits open"));
    assert_eq!(read(&text.replace("context.city", "context")), None, "all of it is read");
    let nothing = "name: nothing\nnodes: [{id: a, kind: transform}]\nedges: []\n";
    assert_eq!(read(nothing).as_deref(), Some(""));
}
