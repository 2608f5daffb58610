//! Values never become SQL, whatever they hold and wherever they stand.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Bound, Piece, bind, check, closed, name, numbered};
use crate::databases::Engine::{self, Mysql, Postgresql};

fn text(sql: &str) -> Piece {
    Piece::Text(sql.to_owned())
}

fn value(value: Value) -> Piece {
    Piece::Value(value)
}

fn bound(engine: Engine, pieces: &[Piece], params: &[Value]) -> Bound {
    bind(engine, pieces, params).unwrap()
}

#[test]
fn values_become_placeholders_in_their_order() {
    let pieces =
        [text("SELECT * FROM t WHERE a = "), value(json!("'; DROP TABLE t; --")), text(" AND b = ?")];
    let bound = bound(Postgresql, &pieces, &[json!(7)]);
    assert_eq!(bound.sql, "SELECT * FROM t WHERE a = ? AND b = ?");
    assert_eq!(bound.values, [json!("'; DROP TABLE t; --"), json!(7)]);
    assert_eq!(
        numbered(Postgresql, &bound.sql, 1).unwrap(),
        ("SELECT * FROM t WHERE a = $1 AND b = $2".to_owned(), 2)
    );
    assert_eq!(numbered(Mysql, &bound.sql, 1).unwrap(), (bound.sql, 2));
}

#[test]
fn a_text_with_values_in_it_is_one_value() {
    let pieces = [text("SELECT 1 WHERE n LIKE '%it''s "), value(json!("a'b")), text("%' AND q = '?'")];
    let bound = bound(Postgresql, &pieces, &[]);
    assert_eq!(bound.sql, "SELECT 1 WHERE n LIKE ? AND q = '?'");
    assert_eq!(bound.values, [json!("%it's a'b%")]);
}

#[test]
fn placeholders_are_none_where_they_merely_stand_in_something() {
    for (engine, sql) in [
        (Postgresql, "SELECT '?', \"?\", $$?$$, $a$ ? $$ $a$ /* ? /* ? */ ? */ -- ?\n, E'\\'?'"),
        (Mysql, "SELECT '?', \"?\", `?`, '\\'?' /* ? */ -- ?\n, 1 # ?"),
    ] {
        assert_eq!(numbered(engine, sql, 1).unwrap(), (sql.to_owned(), 0), "{sql}");
    }
}

#[test]
fn a_value_that_cannot_be_bound_is_refused() {
    for (engine, before, after) in [
        (Postgresql, "SELECT \"", "\""),
        (Postgresql, "SELECT E'", "'"),
        (Postgresql, "SELECT $$", "$$"),
        (Postgresql, "SELECT 1 -- ", "\n"),
        (Postgresql, "SELECT 1 /* ", " */"),
        (Mysql, "SELECT `", "`"),
        (Mysql, "SELECT 1 # ", "\n"),
    ] {
        let refused = bind(engine, &[text(before), value(json!("x")), text(after)], &[]);
        assert!(refused.is_err(), "{before}{after}");
    }
    assert!(bind(Mysql, &[text("SELECT /*! 1 */ 2")], &[]).is_err());
    assert!(bind(Postgresql, &[text("SELECT $1")], &[]).is_err());
    assert!(bind(Postgresql, &[text("SELECT 'a")], &[]).is_err());
}

#[test]
fn there_are_as_many_values_as_placeholders() {
    assert!(bind(Mysql, &[text("SELECT ?")], &[]).unwrap_err().to_string().contains("more placeholders"));
    assert!(
        bind(Mysql, &[text("SELECT 1")], &[json!(1)]).unwrap_err().to_string().contains("no placeholder")
    );
}

#[test]
fn a_number_never_grows_into_its_neighbours() {
    let (sql, _) = numbered(Postgresql, "SELECT a?5 FROM t LIMIT?", 1).unwrap();
    assert_eq!(sql, "SELECT a $1 5 FROM t LIMIT $2");
}

#[test]
fn a_select_is_one_question() {
    for sql in [
        "SELECT 1",
        " /* why */ (select 1);",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "SELECT ';'",
        "SELECT 1; -- done",
    ] {
        check(Postgresql, sql, true).unwrap();
    }
    for sql in [
        "DELETE FROM t",
        "DO $$ BEGIN DELETE FROM t; END $$",
        "SET TRANSACTION READ WRITE",
        "COPY t TO PROGRAM 'x'",
        "SELECT 1; DROP TABLE t",
        "CALL p()",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "",
    ] {
        assert!(check(Postgresql, sql, true).is_err(), "{sql}");
    }
    check(Postgresql, "DELETE FROM t", false).unwrap();
    assert!(check(Postgresql, "DELETE FROM t; DELETE FROM u", false).is_err());
}

#[test]
fn conditions_end_nothing_around_them() {
    closed(Postgresql, "id = ? AND (a OR b) AND c = ')'").unwrap();
    for sql in ["1 = 1) OR (1 = 1", "1 = 1; DROP TABLE t", "(1 = 1", "1)"] {
        assert!(closed(Postgresql, sql).is_err(), "{sql}");
    }
}

#[test]
fn only_plain_names_are_taken() {
    assert_eq!(name(Postgresql, "", "shop.orders", true).unwrap(), "\"shop\".\"orders\"");
    assert_eq!(name(Mysql, "", "orders", false).unwrap(), "`orders`");
    for odd in ["", "1a", "a b", "a\"b", "a`b", "a;b", "a.", ".a", "a.b.c.d", "ä"] {
        assert!(name(Mysql, "", odd, true).is_err(), "{odd:?}");
    }
    assert!(name(Mysql, "", "t.c", false).is_err());
}

proptest! {
    #[test]
    fn no_value_is_ever_in_the_statement(before in "[a-z =?'\"`$/*#-]{0,30}", secret in "[A-Z';$?\"`/*-]{1,20}", after in "[a-z ?'\"]{0,20}") {
        let marked = format!("VALUE{secret}");
        for engine in [Mysql, Postgresql] {
            let pieces = [text(&before), value(json!(marked)), text(&after)];
            let params: Vec<Value> = (0..60).map(|number| json!(number)).collect();
            for most in 0..params.len() {
                if let Ok(bound) = bind(engine, &pieces, &params[..most]) {
                    prop_assert!(!bound.sql.contains("VALUE"), "{}", bound.sql);
                    let (_, places) = numbered(engine, &bound.sql, 1).unwrap();
                    prop_assert_eq!(places, bound.values.len(), "{}", bound.sql);
                    break;
                }
            }
        }
    }

    #[test]
    fn what_is_read_is_what_was_written(sql in "[a-z0-9 ='\"`$/*#-]{0,60}") {
        for engine in [Mysql, Postgresql] {
            if let Ok((text, 0)) = numbered(engine, &sql, 1) {
                // Between words that touched there may be a space more.
                prop_assert_eq!(text.replace(' ', ""), sql.replace(' ', ""));
            }
        }
    }
}
