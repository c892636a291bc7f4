//! Conversations whose summary was missed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use avaaz_backend::jobs;
use avaaz_backend::memory::catch_up::CatchUp;
use avaaz_models::ModelError;
use serde_json::json;
use uuid::Uuid;

use super::world::{World, learners_words, plain_notes};

/// Has it looked for what was missed, as it does each hour.
async fn catch_up(world: &World) {
    let mut connection = world.app.pool.acquire().await.unwrap();
    jobs::enqueue(&mut connection, &CatchUp {}).await.unwrap();
    drop(connection);
    world.quiet().await;
}

/// As when the server that served it knew nothing of memories.
async fn lose_jobs(world: &World) {
    sqlx::query("DELETE FROM graphile_worker._private_jobs")
        .execute(&world.app.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_no_job_was_stored_for_is_summed_up_and_what_tells_nothing_is_read_once() {
    let mut world = World::start().await;
    world.quiet().await;
    world.rest().await;
    let mut talks: Vec<Uuid> = Vec::new();
    for n in 0..3 {
        talks.push(world.talk(&[&format!("goal: Wants trip number {n}")]).await);
    }
    let silent = world.talk(&[]).await;
    let open = world.begin().await;
    lose_jobs(&world).await;
    world.restart_with(World::embedder()).await;
    catch_up(&world).await;
    for (n, talk) in talks.into_iter().enumerate() {
        let (summary, _) = world.summary(talk).await;
        assert!(summary.contains(&format!("trip number {n}")), "{summary}");
    }
    assert_eq!(world.facts().await.len(), 3);
    assert_eq!(world.notes.asked().len(), 3, "nobody was asked of silence");
    let passed_over: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM conversations WHERE passed_over_to = last_turn_seq")
            .fetch_all(&world.app.pool)
            .await
            .unwrap();
    assert_eq!(passed_over, [silent]);
    assert_ne!(open.lease.conversation, silent);

    world.rest().await;
    let app = world.app.state.clone();
    jobs::Job::run(CatchUp {}, app).await.unwrap();
    assert_eq!(
        jobs::counts(&world.app.pool).await.unwrap().waiting,
        0,
        "all is caught up with"
    );
}

#[tokio::test]
async fn a_job_that_cannot_succeed_dies_at_once_is_left_alone_for_a_day_and_then_tried_again() {
    let is_refused = Arc::new(AtomicBool::new(true));
    let refuses = is_refused.clone();
    let world = World::noting(move |question| {
        if refuses.load(Ordering::SeqCst) {
            return Err(ModelError::KeyRefused { status: 401 });
        }
        plain_notes(question)
    })
    .await;
    let conversation = world.talk(&["goal: Wants to pass DELF B2"]).await;
    world.quiet().await;
    assert_eq!(jobs::counts(&world.app.pool).await.unwrap().dead, 1);
    assert_eq!(world.notes.asked().len(), 1, "another try cannot help");
    catch_up(&world).await;
    assert_eq!(world.notes.asked().len(), 1, "it died today");

    is_refused.store(false, Ordering::SeqCst);
    sqlx::query("UPDATE graphile_worker._private_jobs SET updated_at = now() - interval '25 h'")
        .execute(&world.app.pool)
        .await
        .unwrap();
    catch_up(&world).await;
    assert!(world.summary(conversation).await.0.contains("DELF"));
    assert_eq!(jobs::counts(&world.app.pool).await.unwrap().dead, 0);
}

#[tokio::test]
async fn what_an_older_conversation_says_does_not_take_the_place_of_what_was_said_later() {
    let mut world = World::noting(|question| {
        let mut notes = plain_notes(question)?;
        // The model only sees that they differ.
        if learners_words(question).contains(&"person: Lives in Lisbon")
            && question.contains("1. (person) Lives in Porto")
        {
            notes["facts"][0]["replaces"] = json!([1]);
            notes["untrue"] = json!([1]);
        }
        Ok(notes)
    })
    .await;
    world.quiet().await;
    world.rest().await;
    let older = world
        .talk(&["person: Lives in Lisbon", "interest: Plays chess"])
        .await;
    lose_jobs(&world).await;
    let newer = world.talk(&["person: Lives in Porto"]).await;
    world.restart_with(World::embedder()).await;
    world.summary(newer).await;
    catch_up(&world).await;
    world.summary(older).await;
    let mut facts = world.facts().await;
    facts.sort();
    let fact = |kind: &str, text: &str| (kind.to_owned(), text.to_owned());
    assert_eq!(
        facts,
        [
            fact("interest", "Plays chess"),
            fact("person", "Lives in Porto")
        ]
    );
}
