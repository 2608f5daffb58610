//! out of an expression's sandbox (n8n CVE-2025-68613). Conditions of policies are names of a closed list with
//! values, not a language. The expressions of workflows are one, without host objects: they read what the run knows and
//! nothing else. What programs of Code nodes may do is attacked in `crates/sandbox/tests`.

use serde_json::json;

use crate::{running, world::World};

#[tokio::test]
async fn a_condition_is_data() {
    let (world, admin) = World::set_up().await;
    let policies = format!("/api/v1/orgs/{}/policies", admin.organization());
    let before = world.rows();
    let escapes = [
        "{{ $json.constructor.constructor('return process')() }}",
        "${process.env}",
        "__import__('os').system('id')",
        "r.sub.constructor",
        "eval(r.act)",
        "1 == 1 || true",
        "regexMatch(r.obj, '.*')",
        "<%= 7 * 7 %>",
    ];
    for escape in escapes {
        for conditions in [
            json!({ escape: true }),
            json!({ "expression": escape }),
            json!({ "matcher": escape }),
            json!({ "arguments": escape }),
            json!({ "roles": escape }),
            json!({ "after": escape }),
            json!({ "addresses": [escape] }),
            json!({ "__proto__": { "roles": [] } }),
            json!([escape]),
            json!(escape),
        ] {
            let rule = json!({ "effect": "allow", "action": "tool.invoke", "target": "*", "conditions": conditions });
            let body = json!({ "name": "Escape", "rules": [rule] });
            let answer = world.post(&policies, body.clone()).by(&admin).send().await;
            assert_eq!(answer.status, 422, "{conditions}: {}", answer.text());
            let draft = json!({ "action": "tool.invoke", "target": "tool:x", "draft": body });
            let answer = world.post("/api/v1/policies/evaluate", draft).by(&admin).send().await;
            assert_eq!(answer.status, 422, "{conditions}: {}", answer.text());
        }
    }
    world.unchanged(&before, "an expression");
}

#[tokio::test]
async fn an_expression_of_a_workflow_reads_what_its_run_knows() {
    let world = running::World::start().await;
    let deep = format!("{{{{{}1{}}}}}", "(".repeat(5_000), ")".repeat(5_000));
    let escapes = [
        "{{ constructor.constructor('return process')() }}",
        "{{ inputs.constructor.constructor('return process.env')() }}",
        "{{ inputs.__proto__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ __import__('os').system('id') }}",
        "{{ require('child_process').execSync('id') }}",
        "{{ import('node:fs') }}",
        "{{ process.env }}",
        "{{ globalThis }}",
        "{{ this }}",
        "{{ (() => 7 * 7)() }}",
        "{{ (function () { return 7 * 7 })() }}",
        "{{ [].map(inputs.f) }}",
        "{{ env.PATH }}",
        "{{ env.HOME }}",
        "{{ steps.one.output }}",
        "${process.env}",
        "${env.PATH}",
        "<%= 7 * 7 %>",
        "#{7 * 7}",
        deep.as_str(),
    ];
    let mut ran = 0;
    for (at, escape) in escapes.into_iter().enumerate() {
        let name = format!("escape-{at}");
        let document = json!({
            "schema": "conductor.workflow/1", "name": name, "source_format": "native",
            "nodes": [{ "id": "one", "kind": "transform", "inputs": { "read": escape } }],
            "edges": [], "entry": ["one"], "exit": ["one"],
        });
        let kept = world.admin.post("/api/workflows/import", document).await;
        if kept.status == 422 {
            continue;
        }
        kept.created();
        let inputs = json!({ "inputs": { "f": "Function" } });
        let report = world.admin.post(&format!("/api/workflows/execute/{name}"), inputs).await;
        // A text without an expression is that text.
        let read = &report.ok()["outputs"]["read"];
        assert!(read.is_null() || *read == escape, "{escape} read {read}");
        ran += 1;
    }
    assert!(ran > 3, "only {ran} were not refused at once");
}
