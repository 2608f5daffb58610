//! No text, however broken, makes the readers or the evaluator panic, and none runs for ever.

use std::{fs, path::Path};

use conductor_workflow_graph::{
    Expression, Fuel, Limits, Names, Scope, Template, import, to_canvas, to_conductor, to_hybrid, to_yaml,
    validate,
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

fn samples() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folders = ["canvas", "conductor", "hybrid"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let files = folders.into_iter().flatten();
    let mut samples: Vec<_> = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    samples.sort();
    samples
}

/// Texts that look like expressions.
fn soup() -> impl Strategy<Value = String> {
    let tokens = vec![
        "a",
        "steps.a.output.x",
        "inputs.x",
        "env.A",
        "var.v",
        "user_input",
        "now",
        "1",
        "0",
        "2.5",
        "'t'",
        "\"u\"",
        "true",
        "null",
        "(",
        ")",
        "[",
        "]",
        "[0]",
        ".",
        ",",
        "+",
        "-",
        "*",
        "/",
        "%",
        "<",
        "<=",
        "==",
        "!==",
        "&&",
        "||",
        "!",
        "AND",
        "OR",
        "NOT",
        "length(",
        "contains(",
        "default(",
        "{{",
        "}}",
        "${",
        "}",
        "\\",
        "é",
        " ",
        "-b",
        "9999999999999999999",
    ];
    vec(select(tokens), 0..24).prop_map(|tokens| tokens.join(" ").replace(" .", "."))
}

/// Expressions that can be read, with every pair of operators inside each other.
fn grammar() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        "1",
        "2",
        "3.5",
        "0",
        "true",
        "false",
        "null",
        "'t'",
        "inputs.x",
        "var.v",
        "a",
        "steps.a.output.x",
        "inputs.x[0]",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let operators =
            vec!["+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "&&", "||", "AND", "OR", "="];
        let pair = (inner.clone(), select(operators), inner.clone());
        prop_oneof![
            6 => pair.prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})")),
            1 => inner.clone().prop_map(|operand| format!("!({operand})")),
            1 => inner.clone().prop_map(|operand| format!("NOT ({operand})")),
            1 => inner.clone().prop_map(|operand| format!("-({operand})")),
            1 => inner.clone().prop_map(|argument| format!("length({argument})")),
            1 => (inner.clone(), inner).prop_map(|(first, second)| format!("default({first}, {second})")),
        ]
    })
}

fn evaluate(text: &str) {
    let input = json!({ "x": [1, "two", { "three": 3 }], "message": "m" });
    let output = json!({ "x": 0.5, "y": "text" });
    let variables = json!({ "v": 3, "a": false });
    let scope = Scope::new().input(&input).variables(&variables).step("a", None, &output);
    if let Ok(expression) = Expression::parse(text) {
        let before = expression.evaluate(&scope, &mut Fuel::new(10_000));
        let _ = expression.holds(&scope, &mut Fuel::new(3));
        let canonical = expression.to_string();
        let again =
            Expression::parse(&canonical).unwrap_or_else(|error| panic!("{text} as {canonical}: {error}"));
        assert_eq!(again.to_string(), canonical, "{text}");
        match (before, again.evaluate(&scope, &mut Fuel::new(10_000))) {
            (Ok(before), Ok(after)) => assert_eq!(before, after, "{text} as {canonical}"),
            (before, after) => assert_eq!(before.is_err(), after.is_err(), "{text} as {canonical}"),
        }
    }
    if let Ok(template) = Template::parse(text) {
        let _ = template.evaluate(&scope, &mut Fuel::new(10_000));
        let _ = template.references().map(ToString::to_string).count();
    }
}

fn read(text: &str) {
    let imported = import(text, &Limits::default(), &Names::any());
    for problem in &imported.problems {
        assert!(!problem.message.is_empty());
        let _ = problem.to_string();
    }
    if let Some(graph) = imported.graph {
        let _ = validate(&graph, &Names::any());
        for node in &graph.nodes {
            let _ = graph.fields_read_from(&node.id);
        }
        let _ = (to_canvas(&graph), to_yaml(&to_conductor(&graph)), to_hybrid(&graph));
    } else {
        assert!(!imported.problems.is_empty(), "nothing was read and nothing was wrong: {text}");
    }
}

proptest! {
    #[test]
    fn expressions_of_any_text(text in "\\PC{0,60}") {
        evaluate(&text);
    }

    #[test]
    fn expressions_of_likely_words(text in soup()) {
        evaluate(&text);
        evaluate(&format!("{{{{{text}}}}}"));
    }

    #[test]
    fn expressions_read_back_as_they_were_printed(text in grammar()) {
        prop_assert!(Expression::parse(&text).is_ok(), "{}", text);
        evaluate(&text);
    }

    #[test]
    fn documents_of_any_text(text in "[ -~\\n\\té漢\u{0}-\u{1f}]{0,200}") {
        read(&text);
    }

    #[test]
    fn samples_that_were_cut_and_pasted(
        sample in any::<prop::sample::Index>(),
        cuts in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), soup()), 1..4),
    ) {
        let samples = samples();
        let mut letters: Vec<char> = sample.get(&samples).chars().collect();
        for (from, length, paste) in cuts {
            let from = from.index(letters.len() + 1);
            let to = (from + length.index(20)).min(letters.len());
            letters.splice(from..to, paste.chars());
        }
        read(&letters.into_iter().collect::<String>());
    }

    #[test]
    fn samples_whose_values_were_swapped(
        sample in any::<prop::sample::Index>(),
        swaps in vec((any::<prop::sample::Index>(), select(vec![
            json!(null), json!(true), json!(-1), json!(1e300), json!(""), json!("{{"), json!([]), json!([[]]), json!({}),
            json!({ "id": 5000 }), json!("start"), json!(u64::MAX),
        ])), 1..4),
    ) {
        let samples = samples();
        let text = sample.get(&samples);
        let imported = import(text, &Limits::default(), &Names::any());
        let Some(graph) = imported.graph else { return Ok(()) };
        for mut document in [to_conductor(&graph), to_canvas(&graph), json!(graph)] {
            for (place, value) in &swaps {
                let pointers = pointers(&document, String::new());
                *document.pointer_mut(place.get::<String>(&pointers)).unwrap() = value.clone();
            }
            read(&document.to_string());
        }
    }
}

fn pointers(value: &serde_json::Value, at: String) -> Vec<String> {
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    let below: Vec<_> = match value {
        serde_json::Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| pointers(item, format!("{at}/{index}")))
            .collect(),
        serde_json::Value::Object(fields) => {
            fields.iter().flat_map(|(key, field)| pointers(field, format!("{at}/{}", escape(key)))).collect()
        }
        _ => Vec::new(),
    };
    std::iter::once(at).chain(below).collect()
}

#[test]
fn bombs_are_harmless() {
    let aliases = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |bomb, level| {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        format!("{bomb}a{level}: &a{level} [{items}]\n")
    });
    let large = format!("a: &a {}\nb: [{}]\n", "x".repeat(1_000_000), vec!["*a"; 900].join(", "));
    let bombs = [
        aliases,
        large,
        "[".repeat(100_000),
        format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)),
        "- ".repeat(100_000),
        "a: ".repeat(1_000),
        format!("a: {}", "[".repeat(10_000)),
        "x".repeat(5_000_000),
        "&a [*a]".to_owned(),
        "a: &a {b: *a}".to_owned(),
        "<<: &a {<<: *a}".to_owned(),
    ];
    for bomb in bombs {
        let started = std::time::Instant::now();
        let imported = import(&bomb, &Limits::default(), &Names::any());
        assert!(imported.graph.is_none() && !imported.problems.is_empty());
        assert!(started.elapsed().as_secs() < 30, "{}", bomb.get(..40).unwrap_or(&bomb));
    }
}

/// Conditions with so many cases each, and edges among them.
fn conditions(count: usize, cases: usize, edges: usize) -> String {
    let cases: Vec<_> = (0..cases).map(|case| format!(r#"{{"expression":"a > {case}"}}"#)).collect();
    let cases = if count > 100 { cases.get(..20).unwrap_or(&cases).join(",") } else { cases.join(",") };
    let nodes = (0..count)
        .map(|index| format!(r#"{{"id":"n{index}","kind":"condition","config":{{"cases":[{cases}]}}}}"#));
    let edges = (0..edges)
        .map(|index| format!(r#"{{"from":"n0","port":"case:{}","to":"n{}"}}"#, index % 20, index % count));
    let (nodes, edges): (Vec<_>, Vec<_>) = (nodes.collect(), edges.collect());
    format!(r#"{{"name":"large","nodes":[{}],"edges":[{}]}}"#, nodes.join(","), edges.join(","))
}

/// A canvas with many ends, each with outputs of its own.
fn ends(count: usize, outputs: usize) -> String {
    let ends = (0..count).map(|end| {
        let outputs =
            (0..outputs).map(|output| format!(r#"{{"name":"o{}"}}"#, (output + end * outputs) % 150_000));
        let outputs: Vec<_> =
            if outputs.len() == 1 { vec![r#"{"name":"o"}"#.to_owned()] } else { outputs.collect() };
        format!(r#"{{"id":{end},"type":"End","config":{{"outputVariables":[{}]}}}}"#, outputs.join(","))
    });
    let ends: Vec<_> = ends.collect();
    format!(r#"{{"title":"ends","nodes":[{}],"connections":[]}}"#, ends.join(","))
}

#[test]
fn documents_at_the_limits_are_checked_in_time() {
    let nodes = |count: usize, inputs: &dyn Fn(usize) -> String| {
        let nodes =
            (0..count).map(|index| format!(r#"{{"id":"n{index}","agent":"a","inputs":{}}}"#, inputs(index)));
        let edges = (1..count).map(|index| format!(r#"{{"from":"n{}","to":"n{index}"}}"#, index - 1));
        let (nodes, edges): (Vec<_>, Vec<_>) = (nodes.collect(), edges.collect());
        format!(r#"{{"name":"large","nodes":[{}],"edges":[{}]}}"#, nodes.join(","), edges.join(","))
    };
    let texts = |count: usize| {
        (0..count).map(|index| format!("\"{{{{steps.m{index}.output}}}}\"")).collect::<Vec<_>>().join(",")
    };
    let documents = [
        (nodes(1000, &|_| r#"{"q":"${n0.output}","r":"{{steps.n999.output.x > 1}}"}"#.to_owned()), true),
        (
            nodes(1000, &|index| {
                if index == 0 { format!("{{\"q\":[{}]}}", texts(40_000)) } else { "{}".to_owned() }
            }),
            true,
        ),
        (
            format!(
                r#"{{"name":"a","nodes":[{{"id":"n","agent":"a","inputs":{{"q":"{}"}}}}]}}"#,
                "{{-'a'}}".repeat(400_000)
            ),
            true,
        ),
        (
            format!(
                r#"{{"name":"a","nodes":[{{"id":"n","agent":"a","inputs":{{"q":"{}"}}}}]}}"#,
                "{{".repeat(1_900_000)
            ),
            true,
        ),
        (
            format!(
                r#"{{"name":"a","nodes":[],{}}}"#,
                (0..200_000).map(|index| format!("\"f{index}\":1")).collect::<Vec<_>>().join(",")
            ),
            false,
        ),
        (conditions(1000, 90, 5000), true),
        (conditions(1, 100_000, 10), false),
        (
            format!(
                r#"{{"name":"a","inputs":[{{"name":"b"}}],"nodes":[{{"id":"n","agent":"a","inputs":{{"q":[{}]}}}}]}}"#,
                vec![format!("\"{}\"", "{{b}}".repeat(900)); 300].join(",")
            ),
            true,
        ),
        (ends(1000, 190), false),
        (ends(900, 1), true),
        (
            nodes(1000, &|index| {
                format!(r#"{{"q":"{{{{name{index} > 1}}}}{{{{n{}.output.x}}}}"}}"#, index / 2)
            }),
            true,
        ),
    ];
    for (document, whole) in documents {
        let started = std::time::Instant::now();
        let imported = import(&document, &Limits::default(), &Names::any());
        let head = document.get(..60).unwrap_or(&document);
        assert_eq!(imported.graph.is_some(), whole, "{head}: {:?}", imported.problems.first());
        if let Some(graph) = &imported.graph {
            let _ = graph.fields_read();
            let _ = (to_canvas(graph), to_conductor(graph), to_hybrid(graph));
        }
        assert!(imported.problems.len() <= Limits::default().problems + 1);
        assert!(started.elapsed().as_secs() < 60, "{head} took {:?}", started.elapsed());
    }
}
