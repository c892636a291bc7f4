//! Counts what there is, in all tables and folders: what is added later is counted by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, PgPool};

/// Rows by table, such as `public.users`.
pub type Census = BTreeMap<String, i64>;

/// Counts the rows of every table of the database.
pub async fn rows(pool: &PgPool) -> Census {
    count(pool, "true", "").await
}

/// Counts, in every table of the database, the rows that hold a text in any of their columns. Tables without one are left out.
pub async fn rows_that_hold(pool: &PgPool, text: &str) -> Census {
    let mut census = count(pool, "strpos(to_jsonb(r)::text, $1) > 0", text).await;
    census.retain(|_, count| *count > 0);
    census
}

async fn count(pool: &PgPool, condition: &str, argument: &str) -> Census {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_schema::text, table_name::text FROM information_schema.tables
         WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(pool)
    .await
    .expect("there are tables");
    let mut census = Census::new();
    for (schema, table) in tables {
        let statement = format!(
            "SELECT count(*) FROM \"{schema}\".\"{table}\" AS r WHERE {condition} AND $1 = $1"
        );
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(argument)
            .fetch_one(pool)
            .await
            .expect("every table can be counted");
        census.insert(format!("{schema}.{table}"), count);
    }
    census
}

/// Returns every file and folder below a folder.
pub fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.insert(path);
    }
    found
}
