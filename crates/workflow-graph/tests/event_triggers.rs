//! Which events can start a workflow: what their names may be, and that each stands once.

use conductor_workflow_graph::{EVENT_NAME, Limits, Names, Severity, import, is_event_name};

#[test]
fn names_of_events_are_plain() {
    let longest = "a".repeat(EVENT_NAME);
    for name in ["a", "order.paid", "Shop:order_paid-2", "7", longest.as_str()] {
        assert!(is_event_name(name), "{name}");
    }
    let longer = "a".repeat(EVENT_NAME + 1);
    for name in ["", " ", "order paid", "a/b", "a\n", "ordér", "${a}", longer.as_str()] {
        assert!(!is_event_name(name), "{name:?}");
    }
}

#[test]
fn a_workflow_that_waits_in_vain_or_twice_cannot_run() {
    let text = r#"
name: waits
triggers:
  - {type: event, name: order.paid}
  - {type: event, name: order.sent}
  - {type: event, name: order paid}
  - {type: event, name: order.paid}
  - {type: event}
inputs: [{name: order, type: object, required: true}]
nodes: [{id: a, agent: one}]
edges: []
"#;
    let problems = import(text, &Limits::default(), &Names::any()).problems;
    let told: Vec<_> = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| (problem.pointer.as_str(), problem.code.as_str()))
        .collect();
    let expected = [
        ("/triggers/4/name", "missing_field"),
        ("/triggers/2/name", "invalid_value"),
        ("/triggers/3/name", "invalid_value"),
    ];
    assert_eq!(told, expected);
    assert!(
        problems.iter().all(|problem| problem.pointer != "/inputs/0"),
        "events carry data: {problems:#?}"
    );
}
