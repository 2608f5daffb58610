//! When schedules come: fields, zones, changes of clocks, and what is no schedule.

use chrono::{DateTime, Utc};
use conductor_workflow_graph::{Limits, Names, Severity, TimeTable, Unsound, import};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The next moments after one, in UTC.
fn next(cron: &str, zone: Option<&str>, after: &str, count: usize) -> Vec<String> {
    let table = TimeTable::read(cron, zone).unwrap();
    let mut moment = at(after);
    let moments = (0..count).map(|_| {
        moment = table.next(moment).unwrap();
        moment.format("%FT%H:%MZ").to_string()
    });
    moments.collect()
}

#[test]
fn fields_take_names_ranges_steps_and_lists() {
    // 2026-11-20 is a Friday.
    let from = "2026-11-20T12:00:00Z";
    let cases = [
        ("0 * * * *", vec!["2026-11-20T13:00Z", "2026-11-20T14:00Z"]),
        ("*/20 9-10 * * *", vec!["2026-11-21T09:00Z", "2026-11-21T09:20Z"]),
        ("0 9 * * MON-FRI", vec!["2026-11-23T09:00Z", "2026-11-24T09:00Z"]),
        ("0 9 * * mon", vec!["2026-11-23T09:00Z", "2026-11-30T09:00Z"]),
        ("30 6 1,15 * *", vec!["2026-12-01T06:30Z", "2026-12-15T06:30Z"]),
        ("0 0 1 JAN,JUL *", vec!["2027-01-01T00:00Z", "2027-07-01T00:00Z"]),
        ("0 0 29 2 *", vec!["2028-02-29T00:00Z", "2032-02-29T00:00Z"]),
        ("0 0 * * 7", vec!["2026-11-22T00:00Z", "2026-11-29T00:00Z"]),
    ];
    for (cron, moments) in cases {
        assert_eq!(next(cron, None, from, 2), moments, "{cron}");
    }
    // A moment is not its own next one.
    assert_eq!(next("0 12 * * *", None, from, 1), ["2026-11-21T12:00Z"]);
}

#[test]
fn a_zone_is_where_the_clock_hangs() {
    let from = "2026-07-01T00:00:00Z";
    assert_eq!(next("0 9 * * *", Some("Europe/Berlin"), from, 1), ["2026-07-01T07:00Z"]);
    assert_eq!(next("0 9 * * *", Some("Asia/Kolkata"), from, 1), ["2026-07-01T03:30Z"]);
    assert_eq!(next("0 9 * * *", None, from, 1), next("0 9 * * *", Some("UTC"), from, 1));
}

#[test]
fn a_change_of_clocks_leaves_no_day_out_and_repeats_none() {
    let berlin = Some("Europe/Berlin");
    // On 29 March 2026 the clock goes from 02:00 to 03:00: half past two is three.
    assert_eq!(
        next("30 2 * * *", berlin, "2026-03-28T00:00:00Z", 3),
        ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"]
    );
    // On 25 October 2026 it goes from 03:00 back to 02:00: half past two comes once.
    assert_eq!(
        next("30 2 * * *", berlin, "2026-10-24T12:00:00Z", 2),
        ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]
    );
    // Every hour is every hour, on both days.
    assert_eq!(
        next("0 * * * *", berlin, "2026-10-24T23:30:00Z", 4),
        ["2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z", "2026-10-25T03:00Z"]
    );
    assert_eq!(
        next("0 * * * *", berlin, "2026-03-28T23:30:00Z", 3),
        ["2026-03-29T00:00Z", "2026-03-29T01:00Z", "2026-03-29T02:00Z"]
    );
}

#[test]
fn what_is_no_schedule_is_told() {
    let crons = [
        "",
        "@daily",
        "* * * *",
        "0 0 * * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 32 * *",
        "0 0 * 13 *",
        "0 0 * * 8",
        "x * * * *",
        "*/0 * * * *",
        "5-1-2 * * * *",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
        "- * * * *",
        ", * * * *",
        "0 0 L-99 * *",
        "😀 0 * * *",
    ];
    for cron in crons {
        assert!(matches!(TimeTable::read(cron, None), Err(Unsound::Cron(_))), "{cron}");
    }
    assert!(TimeTable::read(&format!("0 0 * * {}1", "1,".repeat(200)), None).is_err());
    let zone = TimeTable::read("0 0 * * *", Some("europe/berlin")).unwrap_err();
    assert!(zone.to_string().contains("did you mean Europe/Berlin?"), "{zone}");
    for zone in ["", "Mars/Olympus", "+02:00"] {
        assert!(matches!(TimeTable::read("0 0 * * *", Some(zone)), Err(Unsound::Zone(_))), "{zone}");
    }
}

#[test]
fn a_workflow_with_such_a_schedule_cannot_run() {
    let text = r#"
name: late
triggers:
  - {type: manual}
  - {type: schedule, cron: "0 25 * * *"}
  - {type: schedule, cron: "0 9 * * *", time_zone: Nowhere}
  - {type: schedule}
nodes: [{id: a, agent: one}]
edges: []
"#;
    // On a canvas it stands in the start node.
    let canvas = r#"{
        "title": "Late", "connections": [],
        "nodes": [{"id": 1, "type": "Start", "config": {"triggerType": "schedule", "cron": "0 25 * * *"}}]
    }"#;
    let problems = import(canvas, &Limits::default(), &Names::any()).problems;
    let found = problems.iter().any(|problem| problem.pointer == "/nodes/0/config/cron");
    assert!(found, "{problems:#?}");
    let problems = import(text, &Limits::default(), &Names::any()).problems;
    let told: Vec<_> = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| (problem.pointer.as_str(), problem.code.as_str()))
        .collect();
    let expected = [
        ("/triggers/3/cron", "missing_field"),
        ("/triggers/1/cron", "invalid_value"),
        ("/triggers/2/time_zone", "invalid_value"),
    ];
    assert_eq!(told, expected);
}
