//! A data source is read or changed.

use serde::Serialize;
use serde_json::{Value, json};

use super::{About, Found, Settings, Texts, about};
use crate::{Node, fields::Fields, problem::Code, word::words};

words! {
    /// The language that a data source speaks.
    DatabaseType {
        Mysql => "mysql" "MySQL.",
        Mongodb => "mongodb" "MongoDB.",
        Postgresql => "postgresql" "PostgreSQL.",
        Sqlite => "sqlite" "SQLite.",
        Mssql => "mssql" "Microsoft SQL Server.",
        Bigquery => "bigquery" "BigQuery.",
    }
}

words! {
    /// What is done there.
    Action {
        Query => "query" "SQL: any statement.",
        Select => "select" "SQL: read.",
        Insert => "insert" "Add.",
        Update => "update" "Change.",
        Delete => "delete" "Delete.",
        Find => "find" "MongoDB: read.",
        Aggregate => "aggregate" "MongoDB: a pipeline.",
        Count => "count" "MongoDB: count.",
    }
}

/// The settings of a database node.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Database {
    /// The connector.
    pub data_source: String,
    /// The language that it speaks.
    pub db_type: DatabaseType,
    /// What is done.
    pub action: Action,
    /// SQL, or a query object of MongoDB. Values of templates are bound, never written into SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<Value>,
    /// The values of the placeholders in the query.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Value>,
    /// The table or collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// What is written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Which rows are changed or deleted, in SQL.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

impl Database {
    /// Reads what every form has in common, beside source, type and action.
    pub(crate) fn read_statement(&mut self, fields: &mut Fields<'_>) {
        self.query = fields.value("query").cloned();
        self.params = fields.list("params").cloned().unwrap_or_default();
        self.collection = fields.text("collection");
        self.data = fields.value("data").cloned();
        self.filter = fields.text("where");
    }
}

impl Settings for Database {
    fn read(fields: &mut Fields<'_>) -> Self {
        let mut database = Self {
            data_source: fields.required_text("data_source"),
            db_type: fields.required_word("db_type"),
            action: fields.required_word("action"),
            ..Self::default()
        };
        database.read_statement(fields);
        database
    }

    fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
        if let Some(query) = &self.query {
            texts.value("/config/query", query);
        }
        for (index, parameter) in self.params.iter().enumerate() {
            texts.value(&format!("/config/params/{index}"), parameter);
        }
        texts.template("collection", &self.collection);
        if let Some(data) = &self.data {
            texts.value("/config/data", data);
        }
        texts.template("where", &self.filter);
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        use Action as A;
        let mongo = self.db_type == DatabaseType::Mongodb;
        let known: &[Action] = if mongo {
            &[A::Find, A::Insert, A::Update, A::Delete, A::Aggregate, A::Count]
        } else {
            &[A::Select, A::Insert, A::Update, A::Delete, A::Query]
        };
        if !known.contains(&self.action) {
            let known: Vec<_> = known.iter().map(|action| action.as_str()).collect();
            let message = format!("{} has no {}, but {}", self.db_type, self.action, known.join(", "));
            found.error("/config/action", Code::InvalidValue, message);
            return;
        }
        let needs = |actions: &[Action]| actions.contains(&self.action);
        if !mongo && needs(&[A::Select, A::Query]) {
            found.require("/config/query", self.query.as_ref().is_some_and(Value::is_string));
        }
        if mongo || needs(&[A::Insert, A::Update, A::Delete]) {
            found.require("/config/collection", self.collection.is_some());
        }
        if mongo && needs(&[A::Update, A::Delete, A::Aggregate]) {
            // Which documents are meant is said, if only by an empty object.
            found.require("/config/query", self.query.is_some() || self.filter.is_some());
        }
        if needs(&[A::Insert, A::Update]) {
            found.require("/config/data", self.data.is_some());
        }
        if !mongo && needs(&[A::Update, A::Delete]) {
            found.require("/config/where", self.filter.is_some());
        }
        let placeholders = self.query.as_ref().and_then(Value::as_str).is_some_and(|sql| sql.contains('?'));
        if !mongo && placeholders && self.params.is_empty() {
            let message = "the query has placeholders, and params gives them no values";
            found.warning("/config/params", Code::MissingField, message);
        }
    }

    fn about() -> About {
        About {
            name: "Database",
            inputs: "None: the settings say what is read or written.",
            output: about::any("The rows, or how many were changed."),
            settings: json!({
                "data_source": about::text("The data source, as the operator of the server named it."),
                "db_type": about::word::<DatabaseType>("The language that it speaks."),
                "action": about::word::<Action>("What is done."),
                "query": about::any("SQL, or a query object of MongoDB; values of templates are bound."),
                "params": { "type": "array", "description": "The values of the placeholders in the query." },
                "collection": about::text("The table or collection."),
                "data": about::any("What is written there."),
                "where": about::text("Which rows are changed or deleted, in SQL."),
            }),
            required: &["data_source", "db_type", "action"],
            example: json!({
                "nodes": [{
                    "id": "order", "kind": "database",
                    "config": {
                        "data_source": "primary", "db_type": "postgresql", "action": "select",
                        "query": "SELECT total FROM orders WHERE id = ?", "params": ["{{inputs.id}}"],
                    },
                }],
                "edges": [],
            }),
        }
    }
}
