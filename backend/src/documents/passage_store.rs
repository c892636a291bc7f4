//! Passages in Postgres: their words encrypted, the stems of their words as codes, their vectors.

use std::collections::HashMap;

use avaaz_reader::{Passage, Place};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::domain::DocumentId;
use super::vault::{MaterialKey, Sealed};
use crate::vectors::{self, Space};

/// The table of vectors, as [`crate::vectors`] names its indexes.
pub(super) const VECTORS: &str = "passage_vectors";
/// How many passages one statement takes.
const BATCH: usize = 200;

/// What is encrypted of a passage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Words {
    pub(crate) heading: Option<String>,
    pub(crate) text: String,
}

/// A passage that was found.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) id: Uuid,
    pub(super) document: DocumentId,
    pub(super) place: Option<Place>,
    pub(super) words: Words,
}

/// The stems of a text with their places in it.
type Stems = Vec<(String, Vec<i16>)>;

/// Puts these passages in the place of whatever the document had.
pub(super) async fn replace(
    connection: &mut PgConnection,
    key: &MaterialKey,
    document: DocumentId,
    learner: Uuid,
    configuration: &str,
    name: &str,
    passages: &[Passage],
) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM passages WHERE document_id = $1", document.0)
        .execute(&mut *connection)
        .await?;
    for (number, batch) in passages.chunks(BATCH).enumerate() {
        let texts: Vec<String> = batch
            .iter()
            .map(|passage| in_context(name, passage.heading.as_deref(), &passage.text))
            .collect();
        let stems = stems(&mut *connection, configuration, &texts).await?;
        let mut rows = Rows::default();
        for (index, (passage, stems)) in batch.iter().zip(stems).enumerate() {
            rows.push(key, number * BATCH + index + 1, passage, &stems);
        }
        sqlx::query!(
            "INSERT INTO passages (id, document_id, user_id, seq, page, slide, sealed_words, word_count, stems)
             SELECT new.id, $1, $2, new.seq, new.page, new.slide, new.sealed_words, new.word_count, new.stems::tsvector
             FROM unnest($3::uuid[], $4::integer[], $5::integer[], $6::integer[], $7::bytea[], $8::integer[], $9::text[])
                  AS new (id, seq, page, slide, sealed_words, word_count, stems)",
            document.0,
            learner,
            &rows.ids,
            &rows.seqs,
            &rows.pages as &[Option<i32>],
            &rows.slides as &[Option<i32>],
            &rows.sealed,
            &rows.word_counts,
            &rows.stems
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Returns a passage's words with those that say what it is about: a passage of a lease is found by "lease", though it only
/// says "the tenant".
pub(super) fn in_context(name: &str, heading: Option<&str>, text: &str) -> String {
    let mut lines = vec![name];
    lines.extend(heading.filter(|heading| !text.contains(heading)));
    lines.push(text);
    lines.join("\n")
}

#[derive(Default)]
struct Rows {
    ids: Vec<Uuid>,
    seqs: Vec<i32>,
    pages: Vec<Option<i32>>,
    slides: Vec<Option<i32>>,
    sealed: Vec<Vec<u8>>,
    word_counts: Vec<i32>,
    stems: Vec<String>,
}

impl Rows {
    fn push(&mut self, key: &MaterialKey, seq: usize, passage: &Passage, stems: &Stems) {
        let id = Uuid::now_v7();
        let number = |number: u32| i32::try_from(number).ok();
        let words = Words {
            heading: passage.heading.clone(),
            text: passage.text.clone(),
        };
        let words = serde_json::to_vec(&words).expect("two texts can be written as JSON");
        self.ids.push(id);
        self.seqs.push(i32::try_from(seq).unwrap_or(i32::MAX));
        self.pages.push(match passage.place {
            Some(Place::Page(page)) => number(page),
            _ => None,
        });
        self.slides.push(match passage.place {
            Some(Place::Slide(slide)) => number(slide),
            _ => None,
        });
        self.sealed.push(key.seal(Sealed::Passage, id, &words));
        let count: usize = stems.iter().map(|(_, places)| places.len()).sum();
        self.word_counts
            .push(i32::try_from(count).unwrap_or(i32::MAX));
        self.stems.push(coded(key, stems));
    }
}

/// Returns the stems as a `tsvector` is written, each as its code.
fn coded(key: &MaterialKey, stems: &Stems) -> String {
    let mut written = String::new();
    for (stem, places) in stems {
        let places: Vec<String> = places.iter().map(i16::to_string).collect();
        written.push_str(&format!("'{}':{} ", key.code(stem), places.join(",")));
    }
    written
}

/// Asks Postgres for the stems of texts. Nothing of them is stored there.
async fn stems(
    connection: &mut PgConnection,
    configuration: &str,
    texts: &[String],
) -> sqlx::Result<Vec<Stems>> {
    let rows = sqlx::query!(
        r#"SELECT t.number AS "number!", s.lexeme AS "stem!", s.positions AS "places!"
           FROM unnest($2::text[]) WITH ORDINALITY AS t (words, number),
                (SELECT coalesce((SELECT oid FROM pg_ts_config WHERE cfgname = $1::text LIMIT 1), 'simple'::regconfig::oid)::regconfig AS name) c,
                unnest(to_tsvector(c.name, t.words)) AS s"#,
        configuration,
        texts
    )
    .fetch_all(connection)
    .await?;
    let mut stems: Vec<Stems> = vec![Vec::new(); texts.len()];
    for row in rows {
        let index = usize::try_from(row.number - 1).unwrap_or(usize::MAX);
        if let Some(of_text) = stems.get_mut(index) {
            of_text.push((row.stem, row.places));
        }
    }
    Ok(stems)
}

/// Returns the codes of the stems of a question, in every language of the learner's documents.
async fn codes(
    pool: &PgPool,
    key: &MaterialKey,
    configurations: &[String],
    question: &str,
) -> sqlx::Result<Vec<String>> {
    let stems = sqlx::query_scalar!(
        r#"SELECT DISTINCT s.lexeme AS "stem!" FROM pg_ts_config c, unnest(to_tsvector(c.oid::regconfig, $2)) AS s
           WHERE c.cfgname::text = ANY($1)"#,
        configurations,
        question
    )
    .fetch_all(pool)
    .await?;
    Ok(stems.iter().map(|stem| key.code(stem)).collect())
}

/// Returns the languages of the learner's documents.
pub(super) async fn languages(pool: &PgPool, learner: Uuid) -> sqlx::Result<Vec<Option<String>>> {
    sqlx::query_scalar!(
        "SELECT DISTINCT language FROM documents WHERE user_id = $1 AND status IN ('embedding', 'ready')",
        learner
    )
    .fetch_all(pool)
    .await
}

/// Returns the passages that share words with a question, the best first. A word counts the more, the fewer of the learner's
/// passages have it, and the shorter the passage is (BM25, with the usual figures): Postgres' own rank does not know that
/// "the" says less than "photosynthesis".
pub(super) async fn by_words(
    pool: &PgPool,
    key: &MaterialKey,
    learner: Uuid,
    configurations: &[String],
    question: &str,
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    let codes = codes(pool, key, configurations, question).await?;
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let any = codes
        .iter()
        .map(|code| format!("'{code}'"))
        .collect::<Vec<_>>()
        .join(" | ");
    let rows = sqlx::query!(
        r#"WITH mine AS (
               SELECT count(*)::float8 AS passages, greatest(avg(word_count), 1)::float8 AS words FROM passages WHERE user_id = $1
           ), hits AS (
               SELECT p.id, p.word_count, s.lexeme, cardinality(s.positions)::float8 AS times
               FROM passages p, unnest(p.stems) AS s
               WHERE p.user_id = $1 AND p.stems @@ $2::text::tsquery AND s.lexeme = ANY($3)
           ), spread AS (
               SELECT lexeme, count(*)::float8 AS passages FROM hits GROUP BY lexeme
           )
           SELECT h.id AS "id!"
           FROM hits h JOIN spread d ON d.lexeme = h.lexeme CROSS JOIN mine m
           GROUP BY h.id
           ORDER BY sum(ln(1 + (m.passages - d.passages + 0.5) / (d.passages + 0.5))
                        * h.times * 2.2 / (h.times + 1.2 * (0.25 + 0.75 * h.word_count / m.words))) DESC, h.id
           LIMIT $4"#,
        learner,
        any,
        &codes,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Returns the passages whose meaning is nearest to a vector, the nearest first.
pub(super) async fn by_meaning(
    pool: &PgPool,
    space: Space,
    learner: Uuid,
    vector: &[f32],
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    let statement = format!(
        "SELECT passage_id FROM passage_vectors WHERE user_id = $1 AND {} ORDER BY {} LIMIT $3",
        space.condition(),
        space.distance("$2")
    );
    let mut transaction = pool.begin().await?;
    vectors::search_thoroughly(&mut transaction).await?;
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(learner)
        .bind(vector)
        .bind(limit)
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Returns passages in the order of these ids. Those that cannot be decrypted, or were deleted meanwhile, are left out.
pub(super) async fn load(
    pool: &PgPool,
    key: &MaterialKey,
    learner: Uuid,
    ids: &[Uuid],
) -> sqlx::Result<Vec<Stored>> {
    let rows = sqlx::query_as!(
        PassageRow,
        "SELECT id, document_id, page, slide, sealed_words FROM passages WHERE user_id = $1 AND id = ANY($2)",
        learner,
        ids
    )
    .fetch_all(pool)
    .await?;
    let mut found: HashMap<Uuid, Stored> = rows
        .into_iter()
        .filter_map(|row| row.open(key))
        .map(|stored| (stored.id, stored))
        .collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Returns the next passages of a document, with their `seq`; without words where those cannot be decrypted.
pub(crate) async fn page(
    pool: &PgPool,
    key: Option<&MaterialKey>,
    document: Uuid,
    after: i32,
    limit: i64,
) -> sqlx::Result<Vec<(i32, Option<Place>, Option<Words>)>> {
    let rows = sqlx::query!(
        "SELECT id, seq, page, slide, sealed_words FROM passages WHERE document_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        document,
        after,
        limit
    )
    .fetch_all(pool)
    .await?;
    let opened = rows.into_iter().map(|row| {
        let words = key.and_then(|key| open(key, row.id, &row.sealed_words));
        (row.seq, place(row.page, row.slide), words)
    });
    Ok(opened.collect())
}

/// Returns the next passages of a document that a model has not seen.
pub(super) async fn without_vector(
    pool: &PgPool,
    key: &MaterialKey,
    document: DocumentId,
    space: Space,
    limit: i64,
) -> sqlx::Result<Vec<(Uuid, Option<Words>)>> {
    let rows = sqlx::query_as!(
        PassageRow,
        "SELECT p.id, p.document_id, p.page, p.slide, p.sealed_words FROM passages p
         LEFT JOIN passage_vectors v ON v.passage_id = p.id AND v.model_id = $2
         WHERE p.document_id = $1 AND v.passage_id IS NULL ORDER BY p.seq LIMIT $3",
        document.0,
        space.id,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.open(key).map(|stored| stored.words)))
        .collect())
}

/// Stores vectors of passages that are still there.
pub(super) async fn store_vectors(
    pool: &PgPool,
    space: Space,
    learner: Uuid,
    vectors: &[(Uuid, Vec<f32>)],
) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    for (passage, vector) in vectors {
        sqlx::query!(
            "INSERT INTO passage_vectors (passage_id, model_id, user_id, embedding)
             SELECT id, $2, $3, $4::real[]::vector FROM passages WHERE id = $1
             ON CONFLICT (passage_id, model_id) DO NOTHING",
            passage,
            space.id,
            learner,
            vector.as_slice()
        )
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

struct PassageRow {
    id: Uuid,
    document_id: Uuid,
    page: Option<i32>,
    slide: Option<i32>,
    sealed_words: Vec<u8>,
}

impl PassageRow {
    fn open(self, key: &MaterialKey) -> Option<Stored> {
        Some(Stored {
            id: self.id,
            document: DocumentId(self.document_id),
            place: place(self.page, self.slide),
            words: open(key, self.id, &self.sealed_words)?,
        })
    }
}

fn open(key: &MaterialKey, id: Uuid, sealed: &[u8]) -> Option<Words> {
    let words = key.open(Sealed::Passage, id, sealed);
    let words = words
        .ok()
        .and_then(|words| serde_json::from_slice(&words).ok());
    if words.is_none() {
        tracing::warn!(passage.id = %id, "a passage cannot be read");
    }
    words
}

fn place(page: Option<i32>, slide: Option<i32>) -> Option<Place> {
    let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    let page = number(page).map(Place::Page);
    page.or(number(slide).map(Place::Slide))
}
