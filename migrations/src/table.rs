//! The columns and indexes that most tables share, written once.

use sea_orm_migration::{prelude::*, schema::*};

/// `id uuid PRIMARY KEY`.
pub(crate) fn id() -> ColumnDef {
    let mut column = uuid("id");
    column.primary_key();
    column
}

/// A required moment.
pub(crate) fn at(name: &'static str) -> ColumnDef {
    timestamp_with_time_zone(name)
}

/// An optional moment.
pub(crate) fn at_null(name: &'static str) -> ColumnDef {
    timestamp_with_time_zone_null(name)
}

/// A table with an id, the tenant scope, the three times of every soft-deleted row, and its own columns.
pub(crate) fn tenant_table(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = table(name, columns);
    table
        .col(uuid("organization_id"))
        .col(uuid("environment_id"))
        .foreign_key(ForeignKey::create().from(name, "organization_id").to("organizations", "id"))
        .foreign_key(ForeignKey::create().from(name, "environment_id").to("environments", "id"));
    table
}

/// A table with an id, the three times of every soft-deleted row, and its own columns.
pub(crate) fn table(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = plain_table(name, columns);
    table.col(id()).col(at("created_at")).col(at("updated_at")).col(at_null("deleted_at"));
    table
}

/// A table with nothing but its own columns.
pub(crate) fn plain_table(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    for column in columns {
        table.col(column);
    }
    table
}

/// Creates a table.
pub(crate) async fn create(manager: &SchemaManager<'_>, table: TableCreateStatement) -> Result<(), DbErr> {
    manager.create_table(table).await
}

/// An index named `ix_<table>_<columns>`.
pub(crate) async fn index(manager: &SchemaManager<'_>, table: &str, columns: &str) -> Result<(), DbErr> {
    let name = format!("ix_{table}_{}", columns.replace(", ", "_").replace(" DESC", ""));
    run(manager, &format!("CREATE INDEX {name} ON {table} ({columns})")).await
}

/// A unique index over the rows that are not soft-deleted. `columns` may hold expressions such as `lower(slug)`.
pub(crate) async fn unique_live(
    manager: &SchemaManager<'_>,
    name: &str,
    table: &str,
    columns: &str,
) -> Result<(), DbErr> {
    run(manager, &format!("CREATE UNIQUE INDEX {name} ON {table} ({columns}) WHERE deleted_at IS NULL")).await
}

/// A unique index over every row.
pub(crate) async fn unique(
    manager: &SchemaManager<'_>,
    name: &str,
    table: &str,
    columns: &str,
) -> Result<(), DbErr> {
    run(manager, &format!("CREATE UNIQUE INDEX {name} ON {table} ({columns})")).await
}

/// One statement that both databases read alike.
pub(crate) async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(sql).await.map(|_| ())
}

/// What a UUID column is called in a statement of one's own.
pub(crate) fn uuid_type(manager: &SchemaManager<'_>) -> &'static str {
    match manager.get_database_backend() {
        sea_orm_migration::sea_orm::DbBackend::Postgres => "uuid",
        _ => "uuid_text",
    }
}

/// What a JSON column is called in a statement of one's own.
pub(crate) fn json_type(manager: &SchemaManager<'_>) -> &'static str {
    match manager.get_database_backend() {
        sea_orm_migration::sea_orm::DbBackend::Postgres => "jsonb",
        _ => "jsonb_text",
    }
}
