//! out of an expression's sandbox (n8n CVE-2025-68613). The only expressions today are the conditions of policies:
//! names of a closed list with values, not a language. Whatever is more than that is refused, and decides nothing.

use serde_json::json;

use crate::world::World;

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
