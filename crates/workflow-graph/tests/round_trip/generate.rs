//! Graphs of every kind, sound and unsound: writing and reading does not ask what they mean.

use conductor_workflow_graph::{
    Backoff, Config, Edge, Graph, Input, Kind, Layout, Node, OnError, Output, Retry, RunCaps, SourceFormat,
    Trigger, ValueType,
    kind::{
        Action, Agent, Auth, AuthType, Case, Code, Condition, ConnectorKind, Database, DatabaseType, End,
        Http, Human, Integration, Join, JoinMode, Language, Loop, Map, Method, Model, Parallel, Priority,
        Review, Start, Subworkflow, Tool, Transform, Wait,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

pub(crate) fn graph() -> impl Strategy<Value = Graph> {
    let head =
        (word(), option::of(word()), option::of(text()), select(SourceFormat::ALL), vec(trigger(), 0..3));
    let ends = (vec(input(), 0..3), vec(output(), 0..4), object(), limits());
    let nodes = vec((node(), any::<bool>()), 1..8);
    let edges = vec(
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), port(), option::of(text()), 0..3),
        0..10,
    );
    let ways =
        (vec(any::<prop::sample::Index>(), 0..3), vec(any::<prop::sample::Index>(), 0..3), any::<bool>());
    (head, ends, nodes, edges, ways).prop_map(|(head, ends, nodes, edges, ways)| {
        let (name, title, description, source_format, triggers) = head;
        let (inputs, mut outputs, variables, limits) = ends;
        for (index, output) in outputs.iter_mut().enumerate() {
            output.name = format!("{}{index}", output.name);
        }
        let nodes: Vec<Node> = nodes
            .into_iter()
            .enumerate()
            .map(|(index, (mut node, numbered))| {
                node.id = if numbered { (5000 + index).to_string() } else { format!("node_{index}") };
                node
            })
            .collect();
        let id = |index: &prop::sample::Index| index.get(&nodes).id.clone();
        let edges = edges.into_iter().enumerate().map(|(index, (from, to, port, condition, style))| Edge {
            id: match style {
                0 => format!("e{}", index + 1),
                1 => (6000 + index).to_string(),
                _ => format!("edge {index}"),
            },
            port: port_of(&nodes, &id(&from), port),
            from: id(&from),
            to: id(&to),
            condition,
        });
        let edges = edges.collect();
        let (entry, exit) = (ways.0.iter().map(id).collect(), ways.1.iter().map(id).collect());
        let title = title.filter(|title| *title != name);
        let mut graph = Graph {
            name,
            title,
            description,
            source_format,
            triggers,
            inputs,
            outputs,
            variables,
            limits,
            nodes,
            edges,
            entry,
            exit,
        };
        if ways.2 {
            // As an editor leaves it out.
            graph.entry = graph.nodes.iter().take(1).map(|node| node.id.clone()).collect();
        }
        graph
    })
}

fn limits() -> impl Strategy<Value = RunCaps> {
    (option::of(1..u32::MAX), option::of(select(vec![0.25, 1.0, 40.0])))
        .prop_map(|(max_tokens, max_cost_usd)| RunCaps { max_tokens, max_cost_usd })
}

/// Mostly a port that the node has.
fn port_of(nodes: &[Node], id: &str, (port, real): (String, prop::sample::Index)) -> String {
    let ports = nodes.iter().find(|node| node.id == id).map(Node::ports).unwrap_or_default();
    if ports.is_empty() || port.len() > 2 { port } else { real.get(&ports).clone() }
}

fn port() -> impl Strategy<Value = (String, prop::sample::Index)> {
    (
        select(vec!["", "", "", "", "out", "loop", "odd port"]).prop_map(str::to_owned),
        any::<prop::sample::Index>(),
    )
}

/// A text that is not empty.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9-]{0,8}[a-z]",
        "[A-Z][a-z]{1,6}( [A-Z][a-z]{1,6}){0,2}",
        select(vec!["yes", "null", "1e3", "true", "~", "0x1F", "- a", "a: b", "#no", "é ü 漢", "<<", "="])
            .prop_map(str::to_owned),
    ]
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        word(),
        "\\PC{0,20}",
        "[ -~\\n\\t]{0,30}",
        select(vec![
            "",
            " ",
            "\n",
            "a\n\nb\n",
            "  indented\nless",
            "trailing  \n",
            "\u{0}\u{1b}\u{85}\u{2028}\u{feff}",
            "{{steps.a.output.x < 0.3}}",
            "${a.output}",
            "${{steps.a.output}}",
            "{{",
            "${",
            "---\n...\n",
        ])
        .prop_map(str::to_owned),
    ]
}

fn words() -> impl Strategy<Value = Vec<String>> {
    vec(word(), 0..3)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000_i32..1000).prop_map(|eighths| json!(f64::from(eighths) / 8.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn some_value() -> impl Strategy<Value = Option<Value>> {
    option::of(value()).prop_map(|value| value.filter(|value| !value.is_null()))
}

fn object() -> impl Strategy<Value = serde_json::Map<String, Value>> {
    vec((text(), value()), 0..3).prop_map(|fields| fields.into_iter().collect())
}

fn trigger() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        Just(Trigger::Manual),
        Just(Trigger::Email),
        Just(Trigger::Webhook),
        (word(), option::of(text())).prop_map(|(cron, time_zone)| Trigger::Schedule { cron, time_zone }),
        word().prop_map(|name| Trigger::Event { name }),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    (word(), select(ValueType::ALL), any::<bool>(), some_value())
        .prop_map(|(name, value_type, required, default)| Input { name, value_type, required, default })
}

fn output() -> impl Strategy<Value = Output> {
    (word(), select(ValueType::ALL), option::of(text())).prop_map(|(name, value_type, from)| Output {
        name,
        value_type,
        from,
    })
}

fn node() -> impl Strategy<Value = Node> {
    let common = (option::of(word()), option::of(text()), object(), option::of(text()), select(OnError::ALL));
    let retry = option::of((any::<u32>(), any::<u64>(), select(Backoff::ALL)));
    let layout = (option::of(any::<i32>()), option::of(any::<i32>()), option::of(word()), option::of(word()));
    (config(), common, retry, option::of(any::<u64>()), layout).prop_map(
        |(config, (name, agent, inputs, guard, on_error), retry, timeout_ms, (x, y, icon, color))| Node {
            id: String::new(),
            name,
            config,
            agent,
            inputs,
            guard,
            on_error,
            retry: retry.map(|(max, delay_ms, backoff)| Retry { max, delay_ms, backoff }),
            timeout_ms,
            layout: Layout { x, y, icon, color },
        },
    )
}

fn config() -> impl Strategy<Value = Config> {
    select(Kind::ALL).prop_flat_map(|kind| match kind {
        Kind::Start => Just(Start {}.into()).boxed(),
        Kind::End => words().prop_map(|outputs| End { outputs }.into()).boxed(),
        Kind::Agent => agent().prop_map(Config::from).boxed(),
        Kind::Tool => {
            (select(ConnectorKind::ALL), option::of(text()), option::of(text()), option::of(object()))
                .prop_map(|(connector_kind, connector, tool, server)| {
                    Tool { connector_kind, connector, tool, server }.into()
                })
                .boxed()
        }
        Kind::Http => http().prop_map(Config::from).boxed(),
        Kind::Database => database().prop_map(Config::from).boxed(),
        Kind::Code => (select(Language::ALL), text(), words())
            .prop_map(|(language, code, packages)| Code { language, code, packages }.into())
            .boxed(),
        Kind::Condition => vec((option::of(word()), option::of(word())), 0..4)
            .prop_map(|cases| {
                let cases = cases.into_iter().enumerate().map(|(index, (expression, port))| Case {
                    expression,
                    port: port.unwrap_or_else(|| format!("case:{index}")),
                });
                Condition { cases: cases.collect() }.into()
            })
            .boxed(),
        Kind::Parallel => {
            option::of(any::<u32>()).prop_map(|max_concurrency| Parallel { max_concurrency }.into()).boxed()
        }
        Kind::Map => (text(), option::of(text()), option::of(any::<u32>()))
            .prop_map(|(over, item, max_concurrency)| Map { over, item, max_concurrency }.into())
            .boxed(),
        Kind::Join => select(JoinMode::ALL).prop_map(|mode| Join { mode }.into()).boxed(),
        Kind::Loop => (option::of(text()), any::<u32>())
            .prop_map(|(until, max_iterations)| Loop { until, max_iterations }.into())
            .boxed(),
        Kind::Subworkflow => (text(), option::of(any::<u32>()))
            .prop_map(|(workflow, version)| Subworkflow { workflow, version }.into())
            .boxed(),
        Kind::Review => (option::of(text()), option::of(hundredth()), option::of(any::<u32>()))
            .prop_map(|(prompt, min_confidence, max_rounds)| {
                Review { prompt, min_confidence, max_rounds }.into()
            })
            .boxed(),
        Kind::Human => human().prop_map(Config::from).boxed(),
        Kind::Integration => (text(), text(), option::of("[A-Z][A-Z0-9_]{0,9}"))
            .prop_map(|(provider, operation, credentials)| {
                Integration { provider, operation, credentials }.into()
            })
            .boxed(),
        Kind::Wait => (option::of(any::<u64>()), option::of(text()), option::of(text()))
            .prop_map(|(duration_ms, until, event)| Wait { duration_ms, until, event }.into())
            .boxed(),
        _ => Just(Transform {}.into()).boxed(),
    })
}

fn hundredth() -> impl Strategy<Value = f64> {
    (0_i32..200).prop_map(|hundredths| f64::from(hundredths) / 100.0)
}

fn agent() -> impl Strategy<Value = Agent> {
    let model = (option::of(text()), word(), option::of(text()))
        .prop_map(|(provider, name, display_name)| Model { provider, name, display_name });
    let rest = (option::of(words()), option::of(0_u32..=100), words());
    (option::of(text()), option::of(model), option::of(hundredth()), rest).prop_map(
        |(prompt, model, temperature, (tools, max_rounds, output_fields))| Agent {
            prompt,
            model,
            temperature,
            tools,
            max_rounds,
            output_fields,
        },
    )
}

fn http() -> impl Strategy<Value = Http> {
    let auth = (select(AuthType::ALL), object()).prop_map(|(auth_type, mut fields)| {
        fields.shift_remove("type");
        Auth { auth_type, fields }
    });
    let target = (select(Method::ALL), text(), option::of(text()));
    (target, object(), object(), some_value(), option::of(auth), any::<bool>()).prop_map(
        |((method, url, endpoint), headers, query, body, auth, idempotent)| Http {
            method,
            url,
            endpoint,
            headers,
            query,
            body,
            auth,
            idempotent,
        },
    )
}

fn database() -> impl Strategy<Value = Database> {
    let kind = (word(), select(DatabaseType::ALL), select(Action::ALL));
    let rest = (vec(value(), 0..3), option::of(text()), some_value(), option::of(text()));
    (kind, some_value(), rest).prop_map(
        |((data_source, db_type, action), query, (params, collection, data, filter))| Database {
            data_source,
            db_type,
            action,
            query,
            params,
            collection,
            data,
            filter,
        },
    )
}

fn human() -> impl Strategy<Value = Human> {
    let lists = (words(), words(), words(), words());
    let rest = (select(Priority::ALL), any::<bool>(), option::of(any::<u64>()));
    (text(), option::of(text()), lists, rest).prop_map(
        |(
            title,
            message,
            (decisions, assignees, channels, escalate_to),
            (priority, comment_required, due_ms),
        )| {
            Human {
                title,
                message,
                priority,
                decisions,
                assignees,
                channels,
                comment_required,
                due_ms,
                escalate_to,
            }
        },
    )
}
