//! Vectors in Postgres (pgvector): which model they are of, how they are compared, and the index of each model.
//!
//! A table of vectors has the columns `model_id` (of `embedding_models`) and `embedding` (`vector`, of any length). The numbers
//! of a model and of its dimensions stand in the statements themselves: only so does Postgres find the model's own index.

use avaaz_models::{Embedder, ModelError};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row as _};
use uuid::Uuid;

/// The most dimensions that an index can hold as `vector`, and as `halfvec`. Longer vectors are compared without one.
const LARGEST_VECTOR: i32 = 2_000;
const LARGEST_HALFVEC: i32 = 4_000;
/// With the default of 64 MB the index of a hundred thousand vectors is built on disk, for many minutes.
const INDEX_MEMORY: &str = "256MB";

/// All the vectors of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// `embedding_models.id`
    pub id: i16,
    /// How long each vector is.
    pub dimensions: i32,
}

/// Why there is no space.
#[derive(Debug, thiserror::Error)]
pub enum SpaceError {
    /// The model cannot be asked.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Space {
    /// Returns the space of an embedder's vectors; it is made at the first call.
    ///
    /// # Errors
    /// [`SpaceError`]
    pub async fn of(pool: &PgPool, embedder: &dyn Embedder) -> Result<Self, SpaceError> {
        let dimensions = embedder.dimensions().await?;
        let dimensions = i32::try_from(dimensions)
            .map_err(|_| ModelError::Unusable("its vectors are too long"))?;
        let space = Self::named(pool, embedder.model(), dimensions).await?;
        space.note_use(pool).await?;
        Ok(space)
    }

    /// Notes that there is a server with this model, every now and then.
    async fn note_use(self, pool: &PgPool) -> sqlx::Result<()> {
        sqlx::query!(
            "UPDATE embedding_models SET used_at = now() WHERE id = $1 AND used_at < now() - interval '10 minutes'",
            self.id
        )
        .execute(pool)
        .await?;
        Ok(())
    }

    /// Returns the space of a model's vectors; it is made at the first call.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn named(pool: &PgPool, model: &str, dimensions: i32) -> sqlx::Result<Self> {
        sqlx::query!(
            "INSERT INTO embedding_models (name, dimensions) SELECT $1, $2
             WHERE NOT EXISTS (SELECT FROM embedding_models WHERE name = $1 AND dimensions = $2)
             ON CONFLICT ON CONSTRAINT embedding_models_name_key DO NOTHING",
            model,
            dimensions
        )
        .execute(pool)
        .await?;
        let id = sqlx::query_scalar!(
            "SELECT id FROM embedding_models WHERE name = $1 AND dimensions = $2",
            model,
            dimensions
        )
        .fetch_one(pool)
        .await?;
        Ok(Self { id, dimensions })
    }

    /// Returns how far the column `embedding` is from the vector in a parameter (`real[]`): the cosine distance, from 0 to 2.
    #[must_use]
    pub fn distance(self, parameter: &str) -> String {
        let form = self.form();
        format!("((embedding::{form}) <=> ({parameter}::real[]::{form}))")
    }

    /// Returns the condition for vectors of this model.
    #[must_use]
    pub fn condition(self) -> String {
        format!("model_id = {}", self.id)
    }

    fn form(self) -> String {
        let name = if self.dimensions > LARGEST_VECTOR && self.dimensions <= LARGEST_HALFVEC {
            "halfvec"
        } else {
            "vector"
        };
        format!("{name}({})", self.dimensions)
    }

    /// Makes sure that a table's vectors of this model have their index (HNSW, cosine). Nobody who reads or writes waits for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ensure_index(self, pool: &PgPool, table: &'static str) -> sqlx::Result<()> {
        if self.dimensions > LARGEST_HALFVEC {
            return Ok(());
        }
        let index = format!("{table}_hnsw_{}", self.id);
        // One that was given up in the middle is there, and of no use.
        let is_valid: Option<bool> = sqlx::query_scalar!(
            "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
             WHERE c.relname = $1 AND pg_table_is_visible(c.oid)",
            index
        )
        .fetch_optional(pool)
        .await?;
        match is_valid {
            Some(true) => return Ok(()),
            Some(false) => {
                let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {index}");
                sqlx::query(AssertSqlSafe(drop)).execute(pool).await?;
            }
            None => {}
        }
        let form = self.form();
        let operators = form.split('(').next().unwrap_or_default();
        let create = format!(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {table} USING hnsw ((embedding::{form}) {operators}_cosine_ops)
             WHERE {}",
            self.condition()
        );
        let mut connection = pool.acquire().await?;
        let more = format!("SET maintenance_work_mem = '{INDEX_MEMORY}'");
        sqlx::query(AssertSqlSafe(more))
            .execute(&mut *connection)
            .await?;
        let created = sqlx::query(AssertSqlSafe(create))
            .execute(&mut *connection)
            .await;
        sqlx::query("RESET maintenance_work_mem")
            .execute(&mut *connection)
            .await?;
        created.map(|_| ())
    }

    /// Returns whether this model has seen as much of what is a learner's as any other: until then another one answers better.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leads(
        self,
        pool: &PgPool,
        table: &'static str,
        learner: Uuid,
    ) -> sqlx::Result<bool> {
        let statement = format!(
            "WITH seen AS (SELECT model_id, count(*) AS vectors FROM {table} WHERE user_id = $1 GROUP BY model_id)
             SELECT coalesce(sum(vectors) FILTER (WHERE {}), 0) >= coalesce(max(vectors), 0) FROM seen",
            self.condition()
        );
        sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(learner)
            .fetch_one(pool)
            .await
    }

    /// Removes vectors of other models from what has one of this model since a day, if no server has used their model for as long: two
    /// servers with different models leave each other's alone. `item` is the column that says what a vector is of. Returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_superseded(
        self,
        pool: &PgPool,
        table: &'static str,
        item: &'static str,
    ) -> sqlx::Result<u64> {
        let statement = format!(
            "DELETE FROM {table} old USING {table} new, embedding_models m
             WHERE new.{item} = old.{item} AND new.model_id = $1 AND new.created_at < now() - interval '1 day'
               AND old.model_id <> $1 AND m.id = old.model_id AND m.used_at < now() - interval '1 day'"
        );
        let done = sqlx::query(AssertSqlSafe(statement))
            .bind(self.id)
            .execute(pool)
            .await?;
        Ok(done.rows_affected())
    }

    /// Forgets models that no vector in a table is of any more, but for this one, with their indexes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_other_indexes(self, pool: &PgPool, table: &'static str) -> sqlx::Result<()> {
        let unused = format!(
            "SELECT m.id FROM embedding_models m JOIN pg_class c ON c.relname = '{table}_hnsw_' || m.id AND pg_table_is_visible(c.oid)
             WHERE m.id <> {} AND NOT EXISTS (SELECT FROM {table} v WHERE v.model_id = m.id)",
            self.id
        );
        for row in sqlx::query(AssertSqlSafe(unused)).fetch_all(pool).await? {
            let id: i16 = row.try_get(0)?;
            let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {table}_hnsw_{id}");
            sqlx::query(AssertSqlSafe(drop)).execute(pool).await?;
        }
        Ok(())
    }
}

/// Lets an index be searched until enough rows are found that also fulfil the other conditions, and more thoroughly than by
/// default. It holds until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn search_thoroughly(transaction: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        r#"SELECT set_config('hnsw.iterative_scan', 'strict_order', true) AS "scan!",
                  set_config('hnsw.ef_search', '400', true) AS "ef!""#
    )
    .fetch_one(transaction)
    .await?;
    Ok(())
}
