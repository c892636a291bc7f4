//! A new key for the words at rest, while the server serves.
//!
//! Four steps, each of which may be interrupted and begun again: the new key is **added** (every process can read it), it
//! is put to **use** (every process writes with it), what other keys have written is **resealed**, and those keys are
//! **dropped**. Between the steps every living process says that it has read the key file again (see `readers`); while one
//! has not, nothing goes on, and nothing is dropped. A process that is silent may still come back: the database itself takes
//! no words any more whose key was dropped. Once the old key is gone, so is what it wrote and was erased since: nobody can
//! read what is left of it in the database's files and in backups.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use sqlx::{AssertSqlSafe, Connection as _, PgPool};
use uuid::Uuid;

use super::{ContentKeys, Place, SealedWords, key_file, readers};

/// How long every process has to read the key file again. Each looks once a second; one that was killed is silent for fifteen
/// until it does not count any more.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How many rows are resealed in one statement: its locks are held for milliseconds.
const BATCH: i64 = 500;
/// Who holds this is rotating.
const ROTATING: i64 = 0x61_7661_617a_6b65;

/// One step of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// A new key is added to the file; it reads, and does not write yet.
    Add,
    /// The newest key writes from now on.
    Use,
    /// What other keys have written is written anew with the current one.
    Reseal,
    /// Keys that no row needs any more are removed from the file.
    Drop,
}

/// What resealing came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Texts that were written anew.
    pub written: u64,
    /// Texts that cannot be read; they stay as they are.
    pub unreadable: u64,
}

/// Rotates the keys of a file: all steps, or one. `patience` is the time that other processes have to follow.
///
/// # Errors
/// A sentence about the file, the database, processes that do not follow, or a rotation that is under way already.
pub async fn rotate(
    pool: &PgPool,
    path: &Path,
    only: Option<Step>,
    patience: Duration,
) -> anyhow::Result<Resealed> {
    let mut alone = pool
        .acquire()
        .await
        .context("the database cannot be reached")?
        .detach();
    let is_alone = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock($1) AS "is_alone!""#,
        ROTATING
    )
    .fetch_one(&mut alone)
    .await?;
    if !is_alone {
        bail!("another rotation of the content keys is under way");
    }
    let rotation = Rotation {
        pool,
        path,
        patience,
    };
    let done = match only {
        Some(step) => rotation.take(step).await,
        None => rotation.take_all().await,
    };
    // The lock ends with its connection.
    let _ = alone.close().await;
    done
}

struct Rotation<'a> {
    pool: &'a PgPool,
    path: &'a Path,
    patience: Duration,
}

impl Rotation<'_> {
    async fn take_all(&self) -> anyhow::Result<Resealed> {
        self.take(Step::Add).await?;
        self.take(Step::Use).await?;
        let resealed = self.take(Step::Reseal).await?;
        self.take(Step::Drop).await?;
        Ok(resealed)
    }

    async fn take(&self, step: Step) -> anyhow::Result<Resealed> {
        match step {
            Step::Add => {
                let id = key_file::add(self.path)?;
                tracing::info!(key = id, "a new content key reads");
            }
            Step::Use => {
                let id = key_file::newest(self.path)?;
                self.wait_until_all(|keys| keys.contains(&id), "can read with", &id)
                    .await?;
                key_file::put_first(self.path, &id)?;
                tracing::info!(key = id, "the new content key writes");
            }
            Step::Reseal => {
                let keys = ContentKeys::load(self.path)?;
                self.wait_until_all_write_with(&keys.current()).await?;
                let resealed = reseal(self.pool, &keys).await?;
                tracing::info!(
                    resealed.written,
                    resealed.unreadable,
                    "what other keys had written is resealed"
                );
                return Ok(resealed);
            }
            Step::Drop => self.drop_others().await?,
        }
        Ok(Resealed::default())
    }

    async fn drop_others(&self) -> anyhow::Result<()> {
        let keys = ContentKeys::load(self.path)?;
        let current = keys.current();
        self.wait_until_all_write_with(&current).await?;
        let mut others = keys.ids();
        others.retain(|id| *id != current);
        sqlx::query!(
            "INSERT INTO dropped_content_keys (key_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
            &others
        )
        .execute(self.pool)
        .await?;
        // What was written before is visible now, and nothing is written with them any more: this count is the last word.
        let needed = match settle(self.pool).await {
            Ok(()) => in_use(self.pool, &current).await,
            Err(error) => Err(error),
        };
        if !matches!(needed, Ok(0)) {
            sqlx::query!(
                "DELETE FROM dropped_content_keys WHERE key_id = ANY($1)",
                &others
            )
            .execute(self.pool)
            .await?;
            bail!(
                "{} texts still need other keys than {current}; the keys stay in {}",
                needed?,
                self.path.display()
            );
        }
        let dropped = key_file::keep_only(self.path, &current)?;
        tracing::info!(dropped, "content keys that nothing needs were dropped");
        Ok(())
    }

    async fn wait_until_all_write_with(&self, current: &str) -> anyhow::Result<()> {
        let is_first = |keys: &[String]| keys.first().is_some_and(|id| id == current);
        self.wait_until_all(is_first, "write with", current).await
    }

    async fn wait_until_all(
        &self,
        follow: impl Fn(&[String]) -> bool,
        what: &str,
        id: &str,
    ) -> anyhow::Result<()> {
        let lagging = readers::lagging(self.pool, self.patience, follow).await?;
        if lagging > 0 {
            bail!(
                "not all processes {what} the content key {id} yet ({lagging} do not); their logs say whether they can read their \
                 key file. Nothing was dropped from {}",
                self.path.display()
            );
        }
        Ok(())
    }
}

/// Waits until whatever is being written now has been written.
async fn settle(pool: &PgPool) -> anyhow::Result<()> {
    const ATTEMPTS: u32 = 10;
    let tables: Vec<_> = places(pool).await?.into_iter().map(Place::table).collect();
    let lock = format!("LOCK TABLE {} IN SHARE MODE", tables.join(", "));
    for attempt in 1.. {
        let mut transaction = pool.begin().await?;
        // Other writes wait behind this one: not for long.
        sqlx::query("SET LOCAL lock_timeout = '1500ms'")
            .execute(&mut *transaction)
            .await?;
        let locked = sqlx::query(AssertSqlSafe(lock.as_str()))
            .execute(&mut *transaction)
            .await;
        transaction.rollback().await?;
        match locked {
            Ok(_) => break,
            Err(error) if attempt == ATTEMPTS => {
                return Err(error).context("something has been writing to the database for long");
            }
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
    Ok(())
}

/// Writes anew, with the current key, what other keys have written.
///
/// # Errors
/// When the database fails, or holds words that this release does not know; what was resealed until then stays so.
pub async fn reseal(pool: &PgPool, keys: &ContentKeys) -> anyhow::Result<Resealed> {
    let mut resealed = Resealed::default();
    for place in places(pool).await? {
        let of_place = reseal_in(place, pool, keys).await?;
        resealed.written += of_place.written;
        resealed.unreadable += of_place.unreadable;
    }
    Ok(resealed)
}

/// Returns where the database holds words. What is not known here must stop a rotation: its key would be dropped.
async fn places(pool: &PgPool) -> anyhow::Result<Vec<Place>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.columns
         WHERE column_name = 'words_key_id' AND table_schema = current_schema()",
    )
    .fetch_all(pool)
    .await?;
    let known = |table: &String| Place::ALL.into_iter().find(|place| place.table() == table);
    tables
        .iter()
        .map(|table| {
            known(table).with_context(|| format!("{table} holds words that are not known here"))
        })
        .collect()
}

// The same statements for several tables, whose names are our own: the compiler cannot check them.
async fn reseal_in(place: Place, pool: &PgPool, keys: &ContentKeys) -> sqlx::Result<Resealed> {
    let (table, row) = (place.table(), place.row());
    let read = format!(
        "SELECT {row}, words_ciphertext, words_nonce, words_key_id FROM {table}
         WHERE words_key_id <> $1 AND {row} > $2 ORDER BY {row} LIMIT $3"
    );
    // By its old nonce: words that changed meanwhile were sealed by somebody else.
    let write = format!(
        "UPDATE {table} SET words_ciphertext = new.ciphertext, words_nonce = new.nonce, words_key_id = $5
         FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[]) AS new (id, old_nonce, ciphertext, nonce)
         WHERE {table}.{row} = new.id AND {table}.words_nonce = new.old_nonce"
    );
    let current = keys.current();
    let mut resealed = Resealed::default();
    let mut after = Uuid::nil();
    loop {
        let rows: Vec<(Uuid, Vec<u8>, Vec<u8>, String)> =
            sqlx::query_as(AssertSqlSafe(read.as_str()))
                .bind(&current)
                .bind(after)
                .bind(BATCH)
                .fetch_all(pool)
                .await?;
        let Some((last, ..)) = rows.last() else {
            return Ok(resealed);
        };
        after = *last;
        let mut batch = Batch::default();
        for (row, ciphertext, nonce, key_id) in rows {
            let sealed = SealedWords {
                ciphertext,
                nonce,
                key_id,
            };
            match keys.open_in(place, row, &sealed) {
                Ok(words) => batch.push(row, sealed.nonce, keys.seal_in(place, row, &words)),
                Err(error) => {
                    tracing::warn!(table, %row, %error, "words cannot be resealed");
                    resealed.unreadable += 1;
                }
            }
        }
        let written = sqlx::query(AssertSqlSafe(write.as_str()))
            .bind(&batch.ids)
            .bind(&batch.old_nonces)
            .bind(&batch.ciphertexts)
            .bind(&batch.nonces)
            .bind(&current)
            .execute(pool)
            .await?;
        resealed.written += written.rows_affected();
    }
}

/// Returns how many texts need another key than this one.
async fn in_use(pool: &PgPool, current: &str) -> anyhow::Result<i64> {
    let mut count = 0;
    for place in places(pool).await? {
        let table = place.table();
        let others = format!("SELECT count(*) FROM {table} WHERE words_key_id <> $1");
        count += sqlx::query_scalar::<_, i64>(AssertSqlSafe(others))
            .bind(current)
            .fetch_one(pool)
            .await?;
    }
    Ok(count)
}

#[derive(Default)]
struct Batch {
    ids: Vec<Uuid>,
    old_nonces: Vec<Vec<u8>>,
    ciphertexts: Vec<Vec<u8>>,
    nonces: Vec<Vec<u8>>,
}

impl Batch {
    fn push(&mut self, id: Uuid, old_nonce: Vec<u8>, sealed: SealedWords) {
        self.ids.push(id);
        self.old_nonces.push(old_nonce);
        self.ciphertexts.push(sealed.ciphertext);
        self.nonces.push(sealed.nonce);
    }
}
