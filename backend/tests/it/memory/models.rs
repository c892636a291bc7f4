//! The embedding model: absent, back again, exchanged for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use avaaz_backend::memory::store;
use avaaz_backend::vectors::Space;
use avaaz_models::fake::FakeEmbedder;
use avaaz_models::{Embedder, ModelError};
use uuid::Uuid;

use super::world::World;

/// An embedder that can be away.
#[derive(Debug)]
struct Unsteady {
    inner: FakeEmbedder,
    is_away: Arc<AtomicBool>,
}

#[async_trait]
impl Embedder for Unsteady {
    fn model(&self) -> &str {
        self.inner.model()
    }

    async fn dimensions(&self) -> Result<usize, ModelError> {
        self.inner.dimensions().await
    }

    fn max_tokens(&self) -> usize {
        self.inner.max_tokens()
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ModelError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(ModelError::Unreachable);
        }
        self.inner.embed(texts).await
    }
}

async fn indexes(world: &World) -> Vec<String> {
    sqlx::query_scalar("SELECT indexname::text FROM pg_indexes WHERE indexname LIKE 'memory_vectors_hnsw_%' ORDER BY 1")
        .fetch_all(&world.app.pool)
        .await
        .unwrap()
}

async fn answering(world: &World) -> Space {
    store::answering_space(&world.app.pool, world.ada.id)
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn without_its_embedder_a_conversation_is_remembered_and_its_vectors_come_later() {
    let mut world = World::start().await;
    let is_away = Arc::new(AtomicBool::new(true));
    let unsteady = |is_away: &Arc<AtomicBool>| Unsteady {
        inner: World::embedder(),
        is_away: is_away.clone(),
    };
    world.restart_with(unsteady(&is_away)).await;
    let talk = world.talk(&["goal: Wants to pass DELF B2"]).await;
    world.summary(talk).await;
    assert_eq!(world.facts().await.len(), 1);
    assert!(
        world.begin().await.brief.notes[0].contains("DELF"),
        "what has no vector is told, too"
    );
    assert_eq!(world.count("SELECT count(*) FROM memory_vectors").await, 0);
    is_away.store(false, Ordering::SeqCst);
    world.restart_with(unsteady(&is_away)).await;
    for _ in 0..500 {
        if world.count("SELECT count(*) FROM memory_vectors").await == 2 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the vectors never came");
}

#[tokio::test]
async fn another_model_embeds_all_anew_while_the_old_one_still_answers() {
    let mut world = World::start().await;
    for n in 0..5 {
        let fact = format!("interest: Likes subject number {n}");
        let talk = world.talk(&[&fact]).await;
        world.summary(talk).await;
    }
    world.quiet().await;
    let old = answering(&world).await;
    world.rest().await;
    assert_eq!(old.dimensions, 1024);

    // Half of the way: the new model has some vectors, and the old one answers.
    let new = Space::named(&world.app.pool, "another", 96).await.unwrap();
    let half: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM memories ORDER BY id LIMIT 5")
        .fetch_all(&world.app.pool)
        .await
        .unwrap();
    for id in &half {
        sqlx::query(
            "INSERT INTO memory_vectors (memory_id, model_id, user_id, embedding)
             SELECT id, $2, user_id, array_fill(0.1::real, ARRAY[96])::vector FROM memories WHERE id = $1",
        )
        .bind(id)
        .bind(new.id)
        .execute(&world.app.pool)
        .await
        .unwrap();
    }
    assert_eq!(answering(&world).await, old);
    let summary = world.begin().await;
    assert!(summary.brief.notes[0].contains("Likes subject number"));

    world.restart_with(FakeEmbedder::new("another", 96)).await;
    world.quiet().await;
    assert_eq!(answering(&world).await, new, "now the new one has them all");
    let all = "SELECT count(*) FROM memory_vectors";
    assert_eq!(world.count(all).await, 20, "the old ones stay for a day");
    let of = |space: Space| format!("memory_vectors_hnsw_{}", space.id);
    assert_eq!(indexes(&world).await, [of(old), of(new)]);

    sqlx::query("UPDATE memory_vectors SET created_at = created_at - interval '25 hours'")
        .execute(&world.app.pool)
        .await
        .unwrap();
    sqlx::query("UPDATE embedding_models SET used_at = used_at - interval '25 hours'")
        .execute(&world.app.pool)
        .await
        .unwrap();
    world.restart_with(FakeEmbedder::new("another", 96)).await;
    world.quiet().await;
    assert_eq!(world.count(all).await, 10);
    assert_eq!(indexes(&world).await, [of(new)]);
}
