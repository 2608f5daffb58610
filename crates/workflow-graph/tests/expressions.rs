//! What expressions mean, in each of the three syntaxes, and what is said of those that mean nothing.

use conductor_workflow_graph::{
    Expression, Fuel, Scope, Template,
    expression::{Fault, Piece, evaluate_value},
};
use serde_json::{Value, json};

struct World {
    input: Value,
    context: Value,
    env: Value,
    preferences: Value,
    variables: Value,
    fetch: Value,
    score: Value,
}

fn world() -> World {
    World {
        input: json!({ "message": "hello", "order_id": 7, "tags": ["a", "b"], "opportunity_value": 400_000 }),
        context: json!({ "company": { "name": "TechStart Inc" } }),
        env: json!({ "ADMIN_URL": "https://admin.example.com" }),
        preferences: json!({ "writing_style": "brief" }),
        variables: json!({ "tries": 2, "limit": 0 }),
        fetch: json!({ "success": false, "result": [{ "id": 1 }], "data": { "proposal_id": "P-1" } }),
        score: json!({ "risk_score": 0.25, "win_probability": 20, "label": "high", "text": "all of it" }),
    }
}

impl World {
    fn scope(&self) -> Scope<'_> {
        Scope::new()
            .input(&self.input)
            .context(&self.context)
            .env(&self.env)
            .preferences(&self.preferences)
            .variables(&self.variables)
            .now("2026-11-21T20:00:00Z")
            .step("fetch-orders", Some("Fetch orders"), &self.fetch)
            .step("score", None, &self.score)
            .skipped("unused", None)
    }
}

fn value(text: &str) -> Value {
    let world = world();
    let template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    template.evaluate(&world.scope(), &mut Fuel::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn bare(text: &str) -> Value {
    let world = world();
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    expression
        .evaluate(&world.scope(), &mut Fuel::default())
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_reference_alone_keeps_its_type() {
    assert_eq!(value("{{inputs.order_id}}"), json!(7));
    assert_eq!(value("{{ inputs.tags }}"), json!(["a", "b"]));
    assert_eq!(value("${score.output}"), world().score);
    assert_eq!(value("${user_input}"), json!("hello"));
    assert_eq!(value("${user_query}"), json!("hello"));
    assert_eq!(value("${user_preferences.writing_style}"), json!("brief"));
    assert_eq!(value("{{steps.score.output.risk_score}}"), json!(0.25));
    assert_eq!(value("{{steps.score.output.risk_score < 0.3}}"), json!(true));
    assert_eq!(value("{{now}}"), json!("2026-11-21T20:00:00Z"));
    assert_eq!(value("${fetch-orders.output.result[0].id}"), json!(1));
    assert_eq!(value(r#"{{steps["fetch-orders"].output.success}}"#), json!(false));
    assert_eq!(value("{{steps.fetch-orders.output.success}}"), json!(false));
}

#[test]
fn a_reference_in_a_text_becomes_text() {
    assert_eq!(value("Order {{inputs.order_id}}: {{inputs.tags}}"), json!("Order 7: [\"a\",\"b\"]"));
    assert_eq!(value("Deal: ${{inputs.order_id}}"), json!("Deal: $7"));
    assert_eq!(
        value("{{env.ADMIN_URL}}/orders/{{inputs.order_id}}/approve"),
        json!("https://admin.example.com/orders/7/approve")
    );
    assert_eq!(
        value("for {{context.company.name}} in ${user.preferences.writing_style}"),
        json!("for TechStart Inc in brief")
    );
    assert_eq!(value("nothing: {{inputs.missing}}."), json!("nothing: ."));
    assert_eq!(value("literal {{'{{'}} and $ {x} and 5$"), json!("literal {{ and $ {x} and 5$"));
    assert_eq!(value(""), json!(""));
    assert_eq!(value(" {{inputs.order_id}}"), json!(" 7"));
}

#[test]
fn conditions_of_the_three_forms() {
    for (text, expected) in [
        ("win_probability < 30 AND opportunity_value < 500000", true),
        ("NOT win_probability >= 30", true),
        ("NOT (win_probability < 30 OR label = 'low')", false),
        ("label = \"high\" and tries != 3", true),
        ("{{steps.fetch-orders.output.success === false}}", true),
        ("{{steps.score.output.risk_score >= 0.25 && !steps.fetch-orders.output.success}}", true),
        ("{{inputs.order_id !== 8 || false}}", true),
        ("{{!steps.unused.output.done}}", true),
        ("${fetch-orders.output.success}", false),
        ("  {{inputs.order_id == 7}}\n", true),
        ("proposal_id == 'P-1'", true),
        ("score.result.win_probability = 20", true),
        ("step[\"Fetch orders\"].output.success", false),
        ("1 == 1.0", true),
        ("!1 == 1 == false", false),
    ] {
        let world = world();
        let holds = Expression::parse(text).and_then(|it| it.holds(&world.scope(), &mut Fuel::default()));
        match holds {
            Ok(holds) => assert_eq!(holds, expected, "{text}"),
            // Chains and numbers as conditions are refused below.
            Err(error) => assert!(text.starts_with("!1"), "{text}: {error}"),
        }
    }
}

#[test]
fn what_is_missing_is_null_and_compares_to_nothing() {
    for (text, expected) in [
        ("inputs.missing", json!(null)),
        ("steps.unused.output.deep.deeper", json!(null)),
        ("inputs.order_id.not.an.object", json!(null)),
        ("inputs.missing < 1", json!(false)),
        ("inputs.missing >= 1", json!(false)),
        ("1 > inputs.missing", json!(false)),
        ("inputs.missing == null", json!(true)),
        ("inputs.missing != null", json!(false)),
        ("inputs.missing === false", json!(false)),
        ("default(inputs.missing, 'none')", json!("none")),
        ("length(inputs.missing)", json!(0)),
    ] {
        assert_eq!(bare(text), expected, "{text}");
    }
}

#[test]
fn numbers_and_functions() {
    for (text, expected) in [
        ("1 + 2 * 3", json!(7)),
        ("(1 + 2) * 3", json!(9)),
        ("7 / 2", json!(3.5)),
        ("6 / 3", json!(2)),
        ("7 % 4 - 1", json!(2)),
        ("-2 - -3", json!(1)),
        ("tries-1", json!(1)),
        ("9223372036854775807 + 1", json!(9_223_372_036_854_775_808.0_f64)),
        ("'a' + 'b'", json!("ab")),
        ("length(inputs.tags) + length('für')", json!(5)),
        ("contains(inputs.tags, 'b')", json!(true)),
        ("contains('word', 'or') && !contains(inputs, 'no')", json!(true)),
        ("1 < 2 && 'a' < 'b'", json!(true)),
        ("'it\\'s \\u0041'", json!("it's A")),
    ] {
        assert_eq!(bare(text), expected, "{text}");
    }
}

#[test]
fn and_and_or_look_no_further_than_needed() {
    assert_eq!(bare("false && 1 / limit > 0"), json!(false));
    assert_eq!(bare("true || nowhere"), json!(true));
}

#[test]
fn every_fault_has_its_place() {
    let said = [
        "",
        "1 +",
        "(1",
        "1)",
        "a b",
        "1 < 2 < 3",
        "a.",
        "a[",
        "a[x]",
        "'open",
        "'\\q'",
        "inputs.x ? 1 : 2",
        "@",
        "5001.result",
        "nothing(1)",
        "length()",
        "length(1, 2)",
        "env",
        "env.A.B",
        "user.name",
        "steps.a",
        "steps.a.input",
        "now.year",
        "{{1}} and {{2}}",
        "{{a",
        "{{}}",
        "${",
        "${a + b}",
        "${}",
        "{{a}} ${b }}",
        "1e999",
    ];
    let syntax = said.map(|text| {
        let error = Expression::parse(text).expect_err(text);
        format!("{text:24} {error}")
    });
    let world = world();
    let failing = [
        "1 / limit",
        "7 % 0",
        "1 / (tries - 2)",
        "nowhere > 1",
        "steps.absent.output.x",
        "env.SECRET",
        "var.absent",
        "'a' < 1",
        "inputs.tags > 1",
        "1 + 'a'",
        "-label",
        "label && true",
        "NOT tries",
        "length(1)",
        "contains(1, 2)",
        "1e308 * 10",
    ];
    let meaning = failing.map(|text| {
        let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let error = expression.evaluate(&world.scope(), &mut Fuel::default()).expect_err(text);
        format!("{text:24} {error}")
    });
    insta::assert_snapshot!("faults", [syntax.join("\n"), meaning.join("\n")].join("\n\n"));
}

#[test]
fn positions_count_characters_of_the_whole_text() {
    let error = Template::parse("Größe: {{inputs.x + }}").unwrap_err();
    assert_eq!(
        (error.character, error.to_string().as_str()),
        (20, "expected a value, found the end, at character 21")
    );
}

#[test]
fn what_is_too_large_is_refused_before_it_costs_anything() {
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    for text in [deep, "!".repeat(5000), vec!["1"; 3000].join("+"), "a".repeat(9000)] {
        let error = Expression::parse(&text).unwrap_err();
        assert!(matches!(error.fault, Fault::TooLarge(_)), "{error}");
    }
    assert!(Expression::parse(&vec!["a"; 90].join(" AND ")).is_ok());
}

#[test]
fn fuel_ends() {
    let input = json!({ "x": "x".repeat(100_000) });
    let scope = Scope::new().input(&input);
    let twice = vec!["inputs.x"; 90].join(" + ");
    let error = Expression::parse(&twice).unwrap().evaluate(&scope, &mut Fuel::new(1_000_000)).unwrap_err();
    assert_eq!(error.fault, Fault::OutOfFuel);
    let many = "{{inputs.x}}".repeat(90);
    let error = Template::parse(&many).unwrap().evaluate(&scope, &mut Fuel::new(1_000_000)).unwrap_err();
    assert_eq!(error.fault, Fault::OutOfFuel);
    let mut fuel = Fuel::new(100);
    Expression::parse("1 + 1").unwrap().evaluate(&scope, &mut fuel).unwrap();
    // Three operations, and the number that they give.
    assert_eq!(fuel.left(), 89);
}

#[test]
fn whole_values_are_evaluated_at_any_depth() {
    let world = world();
    let written = json!({ "to": ["{{inputs.message}}"], "n": { "id": "{{inputs.order_id}}" }, "flag": true });
    let value = evaluate_value(&written, &world.scope(), &mut Fuel::default()).unwrap();
    assert_eq!(value, json!({ "to": ["hello"], "n": { "id": 7 }, "flag": true }));
    let wrong = json!({ "a/b": ["fine", "{{nowhere}}"] });
    let error = evaluate_value(&wrong, &world.scope(), &mut Fuel::default()).unwrap_err();
    assert_eq!((error.pointer.as_str(), error.character), ("/a~1b/1", 2));
    assert!(error.to_string().ends_with(", at character 3 of /a~1b/1"), "{error}");
}

#[test]
fn a_template_can_be_bound_instead_of_written() {
    let world = world();
    let template = Template::parse("id = {{inputs.order_id}} AND a").unwrap();
    let pieces = template.pieces(&world.scope(), &mut Fuel::default()).unwrap();
    let expected =
        [Piece::Text("id = ".to_owned()), Piece::Value(json!(7)), Piece::Text(" AND a".to_owned())];
    assert_eq!(pieces, expected);
}

#[test]
fn references_are_told_before_anything_is_loaded() {
    let template = Template::parse("{{inputs.x}} ${a.output.b} {{c > steps.d.output && e.result}}").unwrap();
    let references: Vec<_> = template.references().map(ToString::to_string).collect();
    assert_eq!(references, ["input.x", "step.a.output.b", "c", "step.d.output", "e.result"]);
}
