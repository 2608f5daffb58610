//! Decisions in full: the order of the sources and the sentences of their traces, reviewed as snapshots.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use conductor_domain::{Classification, EnvironmentId, Obligation, OrganizationId, Scope, Visibility};
use conductor_rbac::{
    AccessLevel, Action, Binding, Levels, PolicyIndex, PolicyRow, Request, Resource, TOOL_ASKS_PRIORITY,
    built_in_policies, built_in_roles,
};
use serde_json::{Value, json};

fn member() -> Vec<String> {
    vec!["platform:standard_user".to_owned(), "organization:member".to_owned()]
}

fn request<'a>(roles: &'a [String], action: Action, resource: Resource<'a>) -> Request<'a> {
    Request {
        subject: "user:0192".into(),
        roles,
        token_scopes: None,
        clearance: Classification::Confidential,
        scope: Scope { organization_id: OrganizationId::NIL, environment_id: EnvironmentId::NIL },
        agents: &[],
        action,
        resource,
        owner: false,
        same_organization: true,
        same_environment: true,
        grant: Levels::NONE,
        attributes: None,
        arguments: None,
        context_labels: &[],
        environment_type: None,
        address: None,
        now: None,
    }
}

fn shared(target: &str) -> Resource<'_> {
    Resource { visibility: Visibility::Organization, ..Resource::new(target) }
}

fn rule(id: &str, effect: &str, priority: i32, conditions: Value) -> PolicyRow {
    PolicyRow {
        id: id.to_owned(),
        policy: None,
        action: "tool.invoke".to_owned(),
        target: "tool:files/*".to_owned(),
        effect: effect.to_owned(),
        conditions,
        obligations: vec![],
        bindings: vec![Binding { scope_type: "org".to_owned(), scope_id: "*".to_owned(), priority }],
    }
}

async fn with(rules: Vec<PolicyRow>) -> PolicyIndex {
    let policies: Vec<PolicyRow> = built_in_policies().into_iter().chain(rules).collect();
    PolicyIndex::build(&built_in_roles(), &policies).await.unwrap()
}

#[tokio::test]
async fn the_order_of_the_sources() {
    let index = with(vec![rule("p-1", "deny", 0, json!({ "changes": true }))]).await;
    let roles = member();
    let scopes = ["run.read".to_owned()];
    let tool = || shared("tool:files/write");
    let decisions = [
        (
            "another tenant's",
            Request {
                same_organization: false,
                ..request(&roles, Action::AgentUpdate, Resource::new("agent:1"))
            },
        ),
        (
            "another tenant's, public",
            Request {
                same_organization: false,
                ..request(
                    &roles,
                    Action::AgentUpdate,
                    Resource { visibility: Visibility::Public, ..Resource::new("agent:1") },
                )
            },
        ),
        (
            "the token's scopes",
            Request { token_scopes: Some(&scopes), ..request(&roles, Action::ToolInvoke, tool()) },
        ),
        ("no role", request(&roles, Action::MembershipDelete, Resource::new("membership:1"))),
        ("not visible", request(&roles, Action::ConversationRead, Resource::new("conversation:1"))),
        ("seen, not granted", request(&roles, Action::AgentUpdate, shared("agent:1"))),
        (
            "granted",
            Request {
                grant: Levels::NONE.with(AccessLevel::Write),
                ..request(&roles, Action::AgentUpdate, Resource::new("agent:1"))
            },
        ),
        (
            "clearance",
            Request {
                owner: true,
                ..request(
                    &roles,
                    Action::FileRead,
                    Resource { classification: Classification::Restricted, ..Resource::new("file:1") },
                )
            },
        ),
        ("a policy denies", request(&roles, Action::ToolInvoke, tool())),
        ("a policy allows", request(&roles, Action::ToolInvoke, Resource { read_only: true, ..tool() })),
    ];
    for (name, request) in decisions {
        insta::with_settings!({ description => name, omit_expression => true }, {
            insta::assert_json_snapshot!(name.replace([' ', ',', '\''], "_"), index.decide(&request));
        });
    }
}

#[tokio::test]
async fn a_tool_that_asks_is_asked_about_until_a_stronger_rule_allows_it() {
    let roles = member();
    let asking =
        || request(&roles, Action::ToolInvoke, Resource { asks: true, ..shared("tool:files/write") });
    let decide = async |rules| {
        let decision = with(rules).await.decide(&asking());
        (serde_json::to_value(decision.effect).unwrap(), decision.rule)
    };
    let said = |effect: &str, rule: &str| (json!(effect), rule.to_owned());
    assert_eq!(decide(vec![]).await, said("approve", "tool/asks"));
    let weak = rule("p-weak", "allow", TOOL_ASKS_PRIORITY, json!({}));
    assert_eq!(decide(vec![weak]).await, said("approve", "tool/asks"));
    let strong = rule("p-always", "allow", TOOL_ASKS_PRIORITY + 1, json!({}));
    assert_eq!(decide(vec![strong.clone()]).await, said("allow", "p-always"));
    let no = rule("p-no", "deny", -1000, json!({}));
    assert_eq!(decide(vec![strong, no]).await, said("deny", "p-no"));
}

#[tokio::test]
async fn a_tool_that_asks_is_still_denied_when_no_rule_allows_it() {
    let index = PolicyIndex::build(&built_in_roles(), &[]).await.unwrap();
    let roles = member();
    let asked = request(&roles, Action::ToolInvoke, Resource { asks: true, ..shared("tool:files/write") });
    assert_eq!(index.decide(&asked).rule, "policies/default-deny");
}

#[tokio::test]
async fn guests_call_read_only_tools_and_nothing_else() {
    let index = PolicyIndex::built_in().await.unwrap();
    // Even as the owner of an organisation: the limit is on the person.
    let roles = ["platform:guest".to_owned(), "organization:owner".to_owned()];
    let call = |read_only| {
        let resource = Resource { read_only, official: true, ..Resource::new("tool:time/now") };
        index.decide(&request(&roles, Action::ToolInvoke, resource))
    };
    assert!(call(true).is_allowed());
    assert_eq!(call(false).rule, "policies/default-deny");
}

#[tokio::test]
async fn arguments_decide_and_missing_arguments_deny() {
    let small = rule("p-small", "deny", 0, json!({ "arguments": { "/bytes": { "at_least": 1000 } } }));
    let index = with(vec![small]).await;
    let roles = member();
    let call = |arguments: Option<&Value>| {
        index
            .decide(&Request { arguments, ..request(&roles, Action::ToolInvoke, shared("tool:files/write")) })
            .rule
    };
    assert_eq!(call(Some(&json!({ "bytes": 999 }))), "baseline/tools-follow-visibility");
    assert_eq!(call(Some(&json!({ "bytes": 1000 }))), "p-small");
    assert_eq!(call(Some(&json!({ "bytes": "many" }))), "policies/unreadable/p-small");
    assert_eq!(call(Some(&json!({}))), "baseline/tools-follow-visibility");
    assert_eq!(call(None), "policies/unreadable/p-small");
}

#[tokio::test]
async fn obligations_of_every_rule_that_lets_pass_are_kept() {
    let mask = Obligation::MaskFields { pointers: vec!["/salary".to_owned()] };
    let rules = vec![
        PolicyRow { obligations: vec![mask.clone()], ..rule("p-mask", "allow", 1, json!({})) },
        PolicyRow {
            obligations: vec![Obligation::NoBodies, mask.clone()],
            ..rule("p-quiet", "allow", 9, json!({}))
        },
    ];
    let roles = member();
    let decision = with(rules).await.decide(&request(&roles, Action::ToolInvoke, shared("tool:files/read")));
    assert_eq!((decision.rule.as_str(), decision.obligations), ("p-quiet", vec![mask, Obligation::NoBodies]));
}

#[tokio::test]
async fn unreadable_rules_name_their_fault_and_deny_what_they_may_have_meant() {
    let broken = [
        (
            PolicyRow { action: "tool.invok".into(), ..rule("p", "allow", 0, json!({})) },
            "no action \"tool.invok\"",
        ),
        (
            PolicyRow { target: "tool:*/write".into(), ..rule("p", "allow", 0, json!({})) },
            "elsewhere than at its end",
        ),
        (rule("p", "permit", 0, json!({})), "no effect \"permit\""),
        (rule("p", "allow", 0, json!({ "moon": "full" })), "no condition \"moon\""),
        (rule("p", "allow", 0, json!({ "kinds": ["tools"] })), "\"tools\", which does not exist"),
        (rule("p", "allow", 0, json!({ "arguments": { "path": { "present": true } } })), "write \"/path\""),
        (rule("p", "allow", 0, json!([])), "must be a JSON object"),
        (
            PolicyRow {
                bindings: vec![Binding { scope_type: "planet".into(), scope_id: "*".into(), priority: 0 }],
                ..rule("p", "allow", 0, json!({}))
            },
            "binding to \"planet\"",
        ),
    ];
    let roles = member();
    for (row, fault) in broken {
        let error = row.check().unwrap_err();
        let said = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        assert!(said.contains(fault), "{said} should say {fault}");
        let index = with(vec![row]).await;
        assert_eq!(index.unreadable().len(), 1);
        let decision = index.decide(&request(&roles, Action::ToolInvoke, shared("tool:files/write")));
        assert_eq!(decision.rule, "policies/unreadable/p", "{fault}");
    }
    for row in built_in_policies() {
        row.check().unwrap();
    }
}

#[tokio::test]
async fn bindings_choose_where_a_rule_speaks() {
    let roles = member();
    let agent = conductor_domain::AgentId::NIL;
    let agents = [agent];
    let bound = |scope_type: &str, scope_id: &str| PolicyRow {
        bindings: vec![Binding { scope_type: scope_type.into(), scope_id: scope_id.into(), priority: 0 }],
        ..rule("p", "deny", 0, json!({}))
    };
    let nil = agent.to_string();
    let speaks = [
        ("org", nil.as_str(), true),
        ("org", "0192a000-0000-7000-8000-000000000000", false),
        ("env", nil.as_str(), true),
        ("agent", nil.as_str(), true),
        ("tool", "files/write", true),
        ("tool", "files/writer", false),
        ("resource_ns", "files", true),
        ("resource_ns", "fil", false),
        ("role", "organization:member", true),
        ("role", "organization:owner", false),
        ("user", "user:0192", true),
        ("user", "user:0193", false),
    ];
    for (scope_type, scope_id, expected) in speaks {
        let index = with(vec![bound(scope_type, scope_id)]).await;
        let asked =
            Request { agents: &agents, ..request(&roles, Action::ToolInvoke, shared("tool:files/write")) };
        assert_eq!(index.decide(&asked).rule == "p", expected, "{scope_type} {scope_id}");
    }
    let unbound = PolicyRow { bindings: vec![], ..rule("p", "deny", 0, json!({})) };
    let index = with(vec![unbound]).await;
    assert!(index.decide(&request(&roles, Action::ToolInvoke, shared("tool:files/write"))).is_allowed());
}

#[tokio::test]
async fn a_chain_is_as_strict_as_its_strictest_link() {
    let index = PolicyIndex::built_in().await.unwrap();
    let (roles, nobody) = (member(), vec![]);
    let tool = || shared("tool:files/write");
    let allow = index.decide(&request(&roles, Action::ToolInvoke, tool()));
    let ask = index.decide(&request(&roles, Action::ToolInvoke, Resource { asks: true, ..tool() }));
    let deny = index.decide(&request(&nobody, Action::ToolInvoke, tool()));
    let rule =
        |links: &[&conductor_domain::Decision]| conductor_rbac::chain(links.iter().copied().cloned()).rule;
    assert_eq!(rule(&[&allow, &ask]), "tool/asks");
    assert_eq!(rule(&[&ask, &deny, &allow]), "roles/missing");
    assert_eq!(rule(&[&allow, &allow]), "baseline/tools-follow-visibility");
    assert_eq!(rule(&[]), "chain/empty");
}

#[tokio::test]
async fn obligations_that_cannot_be_done_are_refused_and_deny() {
    let with = |obligation: Obligation| PolicyRow {
        obligations: vec![obligation],
        ..rule("wrong", "allow", 0, json!({}))
    };
    let filter = |rows: &str, field: &str, values: Vec<serde_json::Value>| Obligation::FilterRows {
        rows: rows.to_owned(),
        field: field.to_owned(),
        values,
        attribute: None,
    };
    for wrong in [
        Obligation::MaskFields { pointers: vec!["/ok".to_owned(), "salary".to_owned()] },
        filter("", "/team", vec![]),
        filter("rows", "/team", vec![json!("hr")]),
        filter("/rows", "team", vec![json!("hr")]),
    ] {
        assert!(with(wrong.clone()).check().is_err(), "{wrong:?}");
    }
    assert!(with(filter("", "/team", vec![json!("hr")])).check().is_ok());
}
