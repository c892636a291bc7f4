//! Search among many vectors of many learners: what is found of what is really nearest, and how fast.
//!
//! `cargo test` takes a seeded sample; `AVAAZ_SIMULATE=all` 100,000 vectors of 200 learners (see `scripts/soak`).

use std::time::Duration;

use avaaz_backend::memory::store;
use avaaz_backend::vectors::{self, Space};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::Instant;
use uuid::Uuid;

use crate::support::database;

const DIMENSIONS: usize = 384;
const NEAREST: usize = 10;

struct Size {
    learners: usize,
    vectors: usize,
    questions: usize,
}

fn all() -> bool {
    std::env::var("AVAAZ_SIMULATE").as_deref() == Ok("all")
}

fn size() -> Size {
    if all() {
        Size {
            learners: 200,
            vectors: 100_000,
            questions: 400,
        }
    } else {
        Size {
            learners: 20,
            vectors: 2_000,
            questions: 60,
        }
    }
}

/// Memories are about a few dozen subjects, not about everything alike: vectors lie in heaps.
struct Heaps(Vec<Vec<f32>>);

impl Heaps {
    fn new(chance: &mut StdRng) -> Self {
        Self((0..64).map(|_| any(chance)).collect())
    }

    fn draw(&self, chance: &mut StdRng) -> Vec<f32> {
        let heap = &self.0[chance.random_range(0..self.0.len())];
        let noise = any(chance);
        let mut vector: Vec<f32> = heap
            .iter()
            .zip(noise)
            .map(|(heap, noise)| heap + 0.8 * noise)
            .collect();
        avaaz_models::normalize(&mut vector);
        vector
    }
}

fn any(chance: &mut StdRng) -> Vec<f32> {
    let mut vector: Vec<f32> = (0..DIMENSIONS)
        .map(|_| chance.random_range(-1.0..1.0))
        .collect();
    avaaz_models::normalize(&mut vector);
    vector
}

/// Learners with very different numbers of memories: the first has a tenth of them all.
async fn fill(
    pool: &PgPool,
    space: Space,
    size: &Size,
    heaps: &Heaps,
    chance: &mut StdRng,
) -> Vec<Uuid> {
    let learners: Vec<Uuid> = (0..size.learners).map(|_| Uuid::now_v7()).collect();
    for learner in &learners {
        sqlx::query("INSERT INTO users (id, email, display_name, password_hash) VALUES ($1, $2, 'Ada', 'none')")
            .bind(learner)
            .bind(format!("{learner}@example.org"))
            .execute(pool)
            .await
            .unwrap();
    }
    let mut left = size.vectors;
    while left > 0 {
        let batch = left.min(500);
        left -= batch;
        let owners: Vec<Uuid> = (0..batch)
            .map(|_| {
                if chance.random_bool(0.1) {
                    learners[0]
                } else {
                    learners[chance.random_range(0..learners.len())]
                }
            })
            .collect();
        let ids: Vec<Uuid> = (0..batch).map(|_| Uuid::now_v7()).collect();
        let vectors: Vec<String> = (0..batch)
            .map(|_| {
                let numbers: Vec<String> = heaps
                    .draw(chance)
                    .iter()
                    .map(|number| format!("{number:.5}"))
                    .collect();
                format!("[{}]", numbers.join(","))
            })
            .collect();
        sqlx::query(
            "WITH rows AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS r (id, owner, embedding)),
                  kept AS (
                      INSERT INTO memories (id, user_id, kind, words_ciphertext, words_nonce, words_key_id, text_model)
                      SELECT id, owner, 'interest', 'x', decode(repeat('00', 24), 'hex'), 'none', 'none' FROM rows RETURNING id
                  )
             INSERT INTO memory_vectors (memory_id, model_id, user_id, embedding)
             SELECT rows.id, $4, rows.owner, rows.embedding::vector FROM rows JOIN kept ON kept.id = rows.id",
        )
        .bind(&ids)
        .bind(&owners)
        .bind(&vectors)
        .bind(space.id)
        .execute(pool)
        .await
        .unwrap();
    }
    learners
}

async fn exactly(pool: &PgPool, learner: Uuid, vector: &[f32]) -> Vec<Uuid> {
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query("SELECT set_config('enable_indexscan', 'off', true), set_config('enable_bitmapscan', 'off', true)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    sqlx::query_scalar("SELECT memory_id FROM memory_vectors WHERE user_id = $1 ORDER BY embedding <=> $2::real[]::vector LIMIT $3")
        .bind(learner)
        .bind(vector)
        .bind(NEAREST as i64)
        .fetch_all(&mut *transaction)
        .await
        .unwrap()
}

/// Searches through the model's index, whatever the planner thinks of it.
async fn through_the_index(
    pool: &PgPool,
    space: Space,
    learner: Uuid,
    vector: &[f32],
) -> Vec<Uuid> {
    let mut transaction = pool.begin().await.unwrap();
    vectors::search_thoroughly(&mut transaction).await.unwrap();
    sqlx::query("SELECT set_config('enable_sort', 'off', true)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
        "EXPLAIN {}",
        store::nearest_statement(space)
    )))
    .bind(learner)
    .bind(vector)
    .bind(NEAREST as i64)
    .fetch_all(&mut *transaction)
    .await
    .unwrap();
    assert!(
        plan.iter()
            .any(|line| line.contains("memory_vectors_hnsw_")),
        "{}",
        plan.join("\n")
    );
    sqlx::query_scalar(AssertSqlSafe(store::nearest_statement(space)))
        .bind(learner)
        .bind(vector)
        .bind(NEAREST as i64)
        .fetch_all(&mut *transaction)
        .await
        .unwrap()
}

#[derive(Default)]
struct Found {
    right: usize,
    wanted: usize,
    times: Vec<Duration>,
}

impl Found {
    fn add(&mut self, found: &[Uuid], wanted: &[Uuid], time: Duration) {
        self.right += wanted.iter().filter(|id| found.contains(id)).count();
        self.wanted += wanted.len();
        self.times.push(time);
    }

    fn tell(&mut self, what: &str) -> (f64, Duration, Duration) {
        self.times.sort_unstable();
        let recall = self.right as f64 / self.wanted as f64;
        let p95 = self.times[self.times.len() * 95 / 100];
        let p50 = self.times[self.times.len() / 2];
        println!("{what}: recall@{NEAREST} {recall:.3}, p50 {p50:?}, p95 {p95:?}");
        (recall, p50, p95)
    }
}

#[tokio::test]
async fn a_learners_nearest_memories_are_found_among_those_of_many() {
    let size = size();
    let pool = database::fresh().await;
    let space = Space::named(&pool, "synthetic", i32::try_from(DIMENSIONS).unwrap())
        .await
        .unwrap();
    let mut chance = StdRng::seed_from_u64(0x5EA2C4);
    let heaps = Heaps::new(&mut chance);
    let learners = fill(&pool, space, &size, &heaps, &mut chance).await;
    let begun = Instant::now();
    space.ensure_index(&pool, store::VECTORS).await.unwrap();
    println!(
        "{} vectors of {} learners, index built in {:?}",
        size.vectors,
        size.learners,
        begun.elapsed()
    );
    sqlx::query("ANALYZE memory_vectors")
        .execute(&pool)
        .await
        .unwrap();

    let (mut planned, mut indexed) = (Found::default(), Found::default());
    for question in 0..size.questions {
        // The one with a tenth of all is asked for more often, too.
        let learner = if question % 4 == 0 {
            learners[0]
        } else {
            learners[chance.random_range(0..learners.len())]
        };
        let vector = heaps.draw(&mut chance);
        let wanted = exactly(&pool, learner, &vector).await;
        let begun = Instant::now();
        let found = store::nearest(&pool, learner, space, &vector, NEAREST as i64)
            .await
            .unwrap();
        planned.add(&found, &wanted, begun.elapsed());
        if question % 4 == 0 {
            let begun = Instant::now();
            let found = through_the_index(&pool, space, learner, &vector).await;
            indexed.add(&found, &wanted, begun.elapsed());
        }
    }
    for (whose, learner) in [
        ("the learner with most", learners[0]),
        ("another learner", learners[1]),
    ] {
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "EXPLAIN {}",
            store::nearest_statement(space)
        )))
        .bind(learner)
        .bind(heaps.draw(&mut chance))
        .bind(NEAREST as i64)
        .fetch_all(&pool)
        .await
        .unwrap();
        // The question's numbers fill a page.
        let plan: Vec<String> = plan
            .iter()
            .map(|line| line.chars().take(120).collect())
            .collect();
        println!("the plan for {whose}:\n  {}", plan.join("\n  "));
    }
    let (recall, p50, p95) = planned.tell("as the planner likes");
    assert!(recall >= 0.95, "recall {recall}");
    assert!(p50 <= Duration::from_millis(50), "{p50:?}");
    // Beside other tests the slowest say more about those; the soak has the machine for itself.
    assert!(!all() || p95 <= Duration::from_millis(50), "{p95:?}");
    let (recall, ..) = indexed.tell("through the model's index");
    assert!(recall >= 0.95, "recall through the index {recall}");
}
