//! Google Sheets, by version 4 of its API (<https://developers.google.com/workspace/sheets/api/reference/rest>). A service
//! account asks, so a spreadsheet is shared with the account's address before it can be read or written.

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::{Operation, Said, Settings, Task, object, text};
use crate::{Auth, Error, HttpAnswer, HttpClient, HttpRequest, Result, ServiceAccount};

pub(super) const NAME: &str = "google_sheets";
/// `GOOGLE_SHEETS_KEY` (the JSON of a service account's key) or a ready `GOOGLE_SHEETS_TOKEN`, and `GOOGLE_SHEETS_URL` where
/// it is not Google's own address.
pub(super) const PREFIX: &str = "GOOGLE_SHEETS";
const URL: &str = "https://sheets.googleapis.com";
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
/// Whoever only reads asks for no more.
const READ: &str = "https://www.googleapis.com/auth/spreadsheets.readonly";
const WRITE: &str = "https://www.googleapis.com/auth/spreadsheets";

/// Rows of an answer, and of what is written.
const ROWS: usize = 1_000;
/// Bytes of an answer's rows, as JSON: what a run keeps is read again by whoever looks at it.
const BYTES: usize = 1024 * 1024;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        provider: NAME,
        name: "values.get",
        description: "Reads a range of a spreadsheet of Google, 1,000 rows at most.",
        read_only: true,
        fields: || {
            let more = json!({
                "majorDimension": { "enum": ["ROWS", "COLUMNS"] },
                "valueRenderOption": { "enum": ["FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA"] },
                "dateTimeRenderOption": { "enum": ["SERIAL_NUMBER", "FORMATTED_STRING"] },
            });
            fields(&["spreadsheetId", "range"], more)
        },
    },
    Operation {
        provider: NAME,
        name: "values.append",
        description: "Adds rows below the table in a range of a spreadsheet of Google.",
        read_only: false,
        fields: || {
            let insert = json!({ "insertDataOption": { "enum": ["OVERWRITE", "INSERT_ROWS"] } });
            fields(&["spreadsheetId", "range", "values"], written(insert))
        },
    },
    Operation {
        provider: NAME,
        name: "values.update",
        description: "Writes into a range of a spreadsheet of Google what its cells are to hold.",
        read_only: false,
        fields: || fields(&["spreadsheetId", "range", "values"], written(json!({}))),
    },
    Operation {
        provider: NAME,
        name: "values.clear",
        description: "Empties a range of a spreadsheet of Google.",
        read_only: false,
        fields: || fields(&["spreadsheetId", "range"], json!({})),
    },
];

fn fields(required: &[&str], more: Value) -> Value {
    let mut properties = json!({
        "spreadsheetId": { "type": "string", "description": "What stands in its address between /d/ and /edit." },
        "range": { "type": "string", "maxLength": 1000, "description": "In A1 notation, such as Orders!A2:D." },
    });
    merge(&mut properties, more);
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

fn written(more: Value) -> Value {
    let mut properties = json!({
        "values": {
            "type": "array", "minItems": 1, "maxItems": ROWS,
            "items": { "type": "array", "items": { "type": ["string", "number", "boolean", "null"] } },
            "description": "Rows of cells; null leaves a cell as it is.",
        },
        "majorDimension": { "enum": ["ROWS", "COLUMNS"] },
        "valueInputOption": {
            "enum": ["RAW", "USER_ENTERED"],
            "description": "RAW, without another word: USER_ENTERED makes formulas of texts, also of what others wrote.",
        },
    });
    merge(&mut properties, more);
    properties
}

fn merge(properties: &mut Value, more: Value) {
    if let (Value::Object(properties), Value::Object(more)) = (properties, more) {
        properties.extend(more);
    }
}

pub(super) async fn run(
    http: &HttpClient,
    operation: &Operation,
    task: &Task,
    settings: &Settings<'_>,
    now: DateTime<Utc>,
    cancel: &CancellationToken,
) -> Result<Said> {
    let sheet = text(&task.fields, "spreadsheetId")?;
    if !sheet.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
        let what = "spreadsheetId is what stands in the address of a spreadsheet between /d/ and /edit";
        return Err(Error::invalid("/spreadsheetId", what));
    }
    let range = text(&task.fields, "range")?;
    let (method, ending, options): (_, _, &[&str]) = match operation.name {
        "values.append" => ("POST", ":append", &["valueInputOption", "insertDataOption"]),
        "values.update" => ("PUT", "", &["valueInputOption"]),
        "values.clear" => ("POST", ":clear", &[]),
        _ => ("GET", "", &["majorDimension", "valueRenderOption", "dateTimeRenderOption"]),
    };
    let mut query: Map<String, Value> = options
        .iter()
        .filter_map(|option| Some(((*option).to_owned(), task.fields.get(*option)?.clone())))
        .collect();
    let body = match operation.name {
        "values.append" | "values.update" => {
            // Where a text begins with `=`, the other way of writing would run it.
            query.entry("valueInputOption").or_insert_with(|| json!("RAW"));
            Some(rows(&task.fields)?)
        }
        "values.clear" => Some(json!({})),
        _ => None,
    };
    let request = HttpRequest {
        endpoint: Some(format!("v4/spreadsheets/{sheet}/values/{}{ending}", segment(&range))),
        query,
        body,
        auth: auth(settings, operation.read_only, now)?,
        timeout: Some(task.timeout),
        ..HttpRequest::new(method, settings.text("URL").unwrap_or(URL))
    };
    Ok(said(http.send(&request, cancel).await?))
}

/// What is written, as a `ValueRange`. Its range is the one of the address.
fn rows(fields: &Map<String, Value>) -> Result<Value> {
    let what = "values is a list of rows, and each row a list of cells: texts, numbers, true, false or null";
    let cell = |cell: &Value| !cell.is_object() && !cell.is_array();
    let row = |row: &Value| row.as_array().is_some_and(|cells| cells.iter().all(cell));
    match fields.get("values") {
        Some(Value::Array(rows)) if rows.len() > ROWS => {
            Err(Error::invalid("/values", format!("there are {} rows, more than {ROWS} at once", rows.len())))
        }
        Some(Value::Array(rows)) if !rows.is_empty() && rows.iter().all(row) => {
            let mut range = json!({ "values": rows });
            if let Some(dimension) = fields.get("majorDimension") {
                range["majorDimension"] = dimension.clone();
            }
            Ok(range)
        }
        _ => Err(Error::invalid("/values", what)),
    }
}

/// A range as one segment of a path: names of sheets hold spaces, slashes and quotation marks.
fn segment(range: &str) -> String {
    let mut segment = String::with_capacity(range.len());
    for byte in range.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => segment.push(char::from(byte)),
            // A dot too: two of them alone would lead to another folder.
            other => segment.push_str(&format!("%{other:02X}")),
        }
    }
    segment
}

/// The key of a service account, as Google hands it out; the rest of its fields is not needed.
#[derive(Deserialize)]
struct Key {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

fn auth(settings: &Settings<'_>, read_only: bool, now: DateTime<Utc>) -> Result<Auth> {
    if settings.text("KEY").is_none()
        && let Some(token) = settings.text("TOKEN")
    {
        return Ok(Auth::Bearer { token: token.into() });
    }
    let key: Key = serde_json::from_str(settings.require("KEY")?.expose_secret()).map_err(|_| {
        let what = format!(
            "{}_KEY is not the JSON of a service account's key, with client_email and private_key",
            settings.prefix
        );
        Error::invalid("/credentials", what)
    })?;
    Ok(Auth::Account(ServiceAccount {
        token_url: key.token_uri.unwrap_or_else(|| TOKEN_URL.to_owned()),
        email: key.client_email,
        key_id: key.private_key_id,
        private_key: key.private_key.into(),
        scope: if read_only { READ } else { WRITE }.to_owned(),
        now,
    }))
}

fn said(answer: HttpAnswer) -> Said {
    let Some(mut failure) = answer.error else { return Ok(short(object(answer.data))) };
    let told = |field: &str| answer.data.get("error")?.get(field)?.as_str();
    for word in [told("status"), told("message")].into_iter().flatten() {
        failure.message = format!("{}: {word}", failure.message);
    }
    if matches!(answer.status_code, 403 | 404) {
        failure.message.push_str(" (a spreadsheet is shared with the client_email of the account)");
    }
    Err(failure)
}

/// The answer with as many rows as it may have; where that is not all of them, it says so.
fn short(mut answer: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Array(rows)) = answer.get_mut("values") {
        let (all, mut bytes) = (rows.len(), 0_usize);
        let fits = |row: &Value| {
            bytes = bytes.saturating_add(row.to_string().len());
            bytes <= BYTES
        };
        let kept = rows.iter().take(ROWS).map(fits).take_while(|fits| *fits).count();
        if kept < all {
            rows.truncate(kept);
            answer.insert("truncated".to_owned(), json!(true));
            answer.insert("totalRows".to_owned(), json!(all));
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_segment() {
        assert_eq!(segment("Orders!A2:D"), "Orders%21A2%3AD");
        assert_eq!(segment("'My / sheet'!A1"), "%27My%20%2F%20sheet%27%21A1");
        assert_eq!(segment(".."), "%2E%2E");
    }

    #[test]
    fn long_answers_are_cut_and_say_so() {
        let rows = |count: usize, cell: &str| {
            let rows: Vec<Value> = (0..count).map(|_| json!([cell])).collect();
            object(json!({ "range": "A1:A", "values": rows }))
        };
        let whole = short(rows(ROWS, "x"));
        assert_eq!((whole["values"].as_array().unwrap().len(), whole.get("truncated")), (ROWS, None));
        let many = short(rows(ROWS + 5, "x"));
        assert_eq!(many["values"].as_array().unwrap().len(), ROWS);
        assert_eq!((&many["truncated"], &many["totalRows"]), (&json!(true), &json!(ROWS + 5)));
        let wide = short(rows(20, &"x".repeat(BYTES / 10)));
        assert_eq!((wide["values"].as_array().unwrap().len(), &wide["truncated"]), (9, &json!(true)));
        assert!(!short(object(json!({ "range": "A1" }))).contains_key("values"), "an empty range has none");
    }

    #[test]
    fn what_is_no_table_is_not_written() {
        let refused = [json!(null), json!([]), json!(["a"]), json!([[{ "a": 1 }]]), json!("a")];
        for values in refused {
            let fields = object(json!({ "values": values }));
            assert!(rows(&fields).is_err(), "{values}");
        }
        assert!(rows(&object(json!({ "values": vec![json!([1]); ROWS + 1] }))).is_err());
        let table = rows(&object(json!({ "values": [["a", 1, true, null]], "majorDimension": "COLUMNS" })));
        assert_eq!(table.unwrap(), json!({ "values": [["a", 1, true, null]], "majorDimension": "COLUMNS" }));
    }
}
