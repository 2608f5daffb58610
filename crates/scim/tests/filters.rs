//! Filters of any shape: what is written is read back the same, and no text makes the parser fall over.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, not their helpers")]

use conductor_scim::{AttributePath, Filter, Kind, Operator, patch};
use proptest::prelude::*;
use serde_json::{Value, json};

fn path() -> impl Strategy<Value = AttributePath> {
    prop_oneof![
        Just("userName"),
        Just("emails.value"),
        Just("active"),
        Just("meta.created"),
        Just("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"),
        Just("nothing.at_all"),
    ]
    .prop_map(|text| AttributePath::parse(text).unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::Null),
    ]
}

fn operator() -> impl Strategy<Value = Operator> {
    prop_oneof![
        Just(Operator::Equal),
        Just(Operator::NotEqual),
        Just(Operator::Contains),
        Just(Operator::StartsWith),
        Just(Operator::EndsWith),
        Just(Operator::Greater),
        Just(Operator::GreaterOrEqual),
        Just(Operator::Less),
        Just(Operator::LessOrEqual),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        path().prop_map(Filter::Present),
        (path(), operator(), value())
            .prop_map(|(path, operator, value)| Filter::Compare(path, operator, value)),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Filter::And(left.into(), right.into())),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Filter::Or(left.into(), right.into())),
            inner.clone().prop_map(|filter| Filter::Not(filter.into())),
            inner.prop_map(|filter| Filter::Has(AttributePath::parse("emails").unwrap(), filter.into())),
        ]
    })
}

fn ada() -> Value {
    json!({ "userName": "ada", "active": true, "emails": [{ "value": "ada@x.example", "type": "work" }] })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(filter in filter()) {
        let text = filter.to_string();
        prop_assume!(text.len() < 8_000);
        let read = Filter::parse(&text).unwrap();
        prop_assert_eq!(&read, &filter);
        prop_assert_eq!(read.matches(Kind::User, &ada()), filter.matches(Kind::User, &ada()));
    }

    #[test]
    fn not_is_the_opposite_and_both_and_either_follow_logic(left in filter(), right in filter()) {
        let holds = |filter: &Filter| filter.matches(Kind::User, &ada());
        let (one, other) = (holds(&left), holds(&right));
        prop_assert_eq!(holds(&Filter::Not(left.clone().into())), !one);
        prop_assert_eq!(holds(&Filter::And(left.clone().into(), right.clone().into())), one && other);
        prop_assert_eq!(holds(&Filter::Or(left.into(), right.into())), one || other);
    }

    #[test]
    fn an_equality_that_finds_rows_misses_none(filter in filter(), name in "[a-z]{1,3}") {
        let someone = json!({ "userName": name });
        if let Some((attribute, wanted)) = filter.equality()
            && attribute == "userName"
            && filter.matches(Kind::User, &someone)
        {
            prop_assert_eq!(wanted.to_lowercase(), name);
        }
    }

    #[test]
    fn no_text_makes_the_parser_fall_over(text in any::<String>()) {
        let _ = Filter::parse(&text);
        let _ = Filter::parse(&format!("userName eq \"{text}"));
        let _ = Filter::parse(&format!("emails[{text}].value"));
        let _ = AttributePath::parse(&text);
        let operation = json!({ "op": "add", "path": text, "value": "x" });
        let _ = patch(Kind::User, ada(), &json!({ "Operations": [operation] }));
    }

    #[test]
    fn no_bracketed_text_makes_the_parser_fall_over(text in r#"[\[\]() a-z."=é]{0,60}"#) {
        let _ = Filter::parse(&text);
        let operation = json!({ "op": "replace", "path": format!("emails{text}"), "value": { "value": "x" } });
        let _ = patch(Kind::User, ada(), &json!({ "Operations": [operation] }));
    }
}
