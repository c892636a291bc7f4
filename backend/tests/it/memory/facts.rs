//! Summaries and facts, from the words of a conversation.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use avaaz_agent::host::TutorHost as _;
use avaaz_models::ModelError;
use avaaz_tutor::{EndReason, Speaker};
use serde_json::json;
use tokio::time::sleep;

use super::world::{World, learners_words, plain_notes};

#[tokio::test]
async fn a_conversation_that_ended_has_its_summary_and_its_facts_in_time() {
    let world = World::start().await;
    let mut delays = Vec::new();
    for n in 0..20 {
        let trip = format!("I plan trip number {n} to Lisbon");
        let conversation = world.talk(&[&trip, "goal: Wants to pass DELF B2"]).await;
        let (summary, delay) = world.summary(conversation).await;
        assert!(summary.contains(&trip), "{summary}");
        delays.push(delay);
    }
    delays.sort_unstable();
    println!(
        "summary after the end: p50 {:?}, p95 {:?}, worst {:?}",
        delays[9], delays[18], delays[19]
    );
    assert!(delays[18] <= Duration::from_secs(10), "{delays:?}");
    let goal = ("goal".to_owned(), "Wants to pass DELF B2".to_owned());
    assert_eq!(world.facts().await, [goal], "said twenty times, kept once");
    assert_eq!(world.count("SELECT count(*) FROM memory_sources").await, 20);
}

#[tokio::test]
async fn words_are_unreadable_in_the_database() {
    let world = World::start().await;
    let conversation = world.talk(&["person: Has a dog named Rexinald"]).await;
    world.summary(conversation).await;
    assert_eq!(world.facts().await[0].1, "Has a dog named Rexinald");
    for table in [
        "memories",
        "memory_vectors",
        "graphile_worker._private_jobs",
    ] {
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "SELECT t::text FROM {table} t"
        )))
        .fetch_all(&world.app.pool)
        .await
        .unwrap();
        let hex = "52657869"; // "Rexi", as Postgres prints bytes.
        assert!(
            rows.iter()
                .all(|row| !row.contains("Rexi") && !row.contains(hex)),
            "{table}"
        );
    }
    let moved = sqlx::query(
        "UPDATE memories SET words_ciphertext = o.words_ciphertext, words_nonce = o.words_nonce
         FROM memories o WHERE memories.kind = 'person' AND o.kind = 'summary'",
    );
    assert_eq!(
        moved
            .execute(&world.app.pool)
            .await
            .unwrap()
            .rows_affected(),
        1
    );
    assert_eq!(
        world.facts().await[0].1,
        "",
        "the summary's words are no fact's"
    );
}

#[tokio::test]
async fn a_fact_that_is_contradicted_is_retired_and_one_that_is_borne_out_stays() {
    let world = World::noting(|question| {
        let mut notes = plain_notes(question)?;
        if question.contains("I moved to Porto") {
            let line = question
                .lines()
                .find(|line| line.contains("Lives in Lisbon"))
                .unwrap();
            let number: u64 = line.split('.').next().unwrap().parse().unwrap();
            notes["facts"] =
                json!([{"kind": "person", "text": "Lives in Porto", "replaces": [number]}]);
        }
        if question.contains("I do not play chess any more") {
            let line = question
                .lines()
                .find(|line| line.contains("Plays chess"))
                .unwrap();
            notes["untrue"] = json!([line.split('.').next().unwrap()]);
        }
        Ok(notes)
    })
    .await;
    let first = world
        .talk(&["person: Lives in Lisbon", "interest: Plays chess"])
        .await;
    world.summary(first).await;
    let second = world
        .talk(&["I moved to Porto", "I do not play chess any more"])
        .await;
    world.summary(second).await;
    let porto = ("person".to_owned(), "Lives in Porto".to_owned());
    assert_eq!(world.facts().await, [porto]);
    assert_eq!(
        world
            .count("SELECT count(*) FROM memories WHERE retired_at IS NOT NULL")
            .await,
        2
    );
    let forgotten = "SELECT count(*) FROM memory_vectors v JOIN memories m ON m.id = v.memory_id WHERE m.retired_at IS NOT NULL";
    assert_eq!(
        world.count(forgotten).await,
        0,
        "what is not true is not found"
    );
}

#[tokio::test]
async fn who_forgets_a_fact_forgets_its_earlier_wordings_too() {
    let world = World::noting(|question| {
        let mut notes = plain_notes(question)?;
        if question.contains("1. (person)") {
            notes["facts"][0]["replaces"] = json!([1]);
        }
        Ok(notes)
    })
    .await;
    for words in [
        "person: Has a dog named Rex",
        "person: Has a brown dog named Rex",
        "person: Has an old dog named Rex",
    ] {
        let conversation = world.talk(&[words]).await;
        world.summary(conversation).await;
    }
    let kept = "SELECT count(*) FROM memories WHERE kind = 'person'";
    assert_eq!(world.count(kept).await, 3, "two of them are retired");
    let shown = world.ada.get("/sessions/default/memories").await;
    assert_eq!(shown.body["items"].as_array().unwrap().len(), 1);
    let id = shown.body["items"][0]["id"].as_str().unwrap();
    let path = format!("/sessions/default/memories/{id}");
    assert_eq!(world.ada.delete(&path).await.status, 204);
    assert_eq!(world.count(kept).await, 0);
}

#[tokio::test]
async fn the_same_job_twice_changes_nothing() {
    let world = World::start().await;
    let conversation = world
        .talk(&["goal: Wants to pass DELF B2", "I like trains"])
        .await;
    let (summary, _) = world.summary(conversation).await;
    let rows = "SELECT count(*) + coalesce(sum(extract(epoch FROM confirmed_at)), 0)::bigint FROM memories";
    let before = world.count(rows).await;
    let asked = world.notes.asked().len();
    let mut connection = world.app.pool.acquire().await.unwrap();
    avaaz_backend::memory::jobs::Remember::enqueue(&mut connection, conversation)
        .await
        .unwrap();
    drop(connection);
    world.quiet().await;
    assert_eq!(world.summary(conversation).await.0, summary);
    assert_eq!(world.count(rows).await, before);
    assert_eq!(
        world.notes.asked().len(),
        asked,
        "nothing new was said, so nobody was asked"
    );
}

#[tokio::test]
async fn a_long_conversation_is_summed_up_while_it_goes_on_and_each_word_is_read_once() {
    let world = World::noting(|question| {
        let said = learners_words(question);
        let so_far = question
            .split("# Summary so far\n")
            .nth(1)
            .unwrap()
            .lines()
            .next()
            .unwrap();
        let count = so_far
            .split(' ')
            .find_map(|word| word.parse::<usize>().ok())
            .unwrap_or(0);
        Ok(json!({"summary": format!("The learner has said {} sentences", count + said.len())}))
    })
    .await;
    let claimed = world.begin().await;
    for n in 0..50 {
        world.say(&claimed, Speaker::Tutor, "Go on.").await;
        world
            .say(&claimed, Speaker::Learner, &format!("Sentence {n}"))
            .await;
    }
    let conversation = claimed.lease.conversation;
    let (running, _) = world.summary(conversation).await;
    let count = running
        .split(' ')
        .find_map(|word| word.parse::<usize>().ok());
    assert!(count.is_some_and(|count| count >= 20), "{running}");
    world
        .host
        .end(claimed.lease, EndReason::TutorEnded, SystemTime::now())
        .await
        .unwrap();
    world.quiet().await;
    assert_eq!(
        world.summary(conversation).await.0,
        "The learner has said 50 sentences"
    );
}

#[tokio::test]
async fn the_summary_waits_for_the_last_words_but_not_for_words_that_never_come() {
    let world = World::start().await;
    let claimed = world.begin().await;
    world.say(&claimed, Speaker::Learner, "First words").await;
    let late = world.record(&claimed, Speaker::Learner, None).await;
    world
        .host
        .end(claimed.lease, EndReason::LearnerEnded, SystemTime::now())
        .await
        .unwrap();
    sleep(Duration::from_secs(1)).await;
    world
        .host
        .record_words(claimed.lease, late, "last words".into())
        .await
        .unwrap();
    let (summary, _) = world.summary(claimed.lease.conversation).await;
    assert_eq!(summary, "The learner said: First words / last words");

    let claimed = world.begin().await;
    world
        .say(&claimed, Speaker::Learner, "Words that came")
        .await;
    world.record(&claimed, Speaker::Learner, None).await;
    world
        .host
        .end(claimed.lease, EndReason::LearnerEnded, SystemTime::now())
        .await
        .unwrap();
    let (summary, delay) = world.summary(claimed.lease.conversation).await;
    assert_eq!(summary, "The learner said: Words that came");
    assert!(delay < Duration::from_secs(10), "{delay:?}");
}

#[tokio::test]
async fn nothing_is_noted_of_a_conversation_in_which_the_learner_said_nothing() {
    let world = World::start().await;
    world.talk(&[]).await;
    world.quiet().await;
    assert_eq!(world.count("SELECT count(*) FROM memories").await, 0);
    assert!(world.notes.asked().is_empty());
}

#[tokio::test]
async fn a_model_that_fails_or_talks_nonsense_is_asked_again_and_nothing_half_is_kept() {
    let asked = AtomicUsize::new(0);
    let world = World::noting(move |question| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => Err(ModelError::Unreachable),
        1 => Ok(json!({"facts": [{"kind": "goal", "text": "Half an answer", "replaces": []}]})),
        _ => plain_notes(question),
    })
    .await;
    let conversation = world.talk(&["goal: Wants to pass DELF B2"]).await;
    for attempt in 1..=2 {
        while world.notes.asked().len() < attempt {
            sleep(Duration::from_millis(20)).await;
        }
        world.let_all_be_tried_now().await;
        assert_eq!(world.count("SELECT count(*) FROM memories").await, 0);
    }
    let (summary, _) = world.summary(conversation).await;
    assert!(summary.contains("DELF"));
    assert_eq!(world.facts().await.len(), 1);
}

#[tokio::test]
async fn deleting_a_conversation_forgets_what_was_learnt_only_there() {
    let world = World::start().await;
    let first = world
        .talk(&["goal: Wants to pass DELF B2", "person: Has a cat"])
        .await;
    world.summary(first).await;
    let second = world
        .talk(&["goal: Wants to pass DELF B2", "interest: Plays chess"])
        .await;
    world.summary(second).await;
    assert_eq!(world.facts().await.len(), 3);
    assert_eq!(
        world
            .ada
            .delete(&format!("/conversations/{first}"))
            .await
            .status,
        204
    );
    let mut kept: Vec<String> = world
        .facts()
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    kept.sort_unstable();
    assert_eq!(kept, ["Plays chess", "Wants to pass DELF B2"]);
    assert_eq!(
        world
            .ada
            .delete(&format!("/conversations/{second}"))
            .await
            .status,
        204
    );
    for table in ["memories", "memory_vectors", "memory_sources"] {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let left: i64 = sqlx::query_scalar(count)
            .fetch_one(&world.app.pool)
            .await
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
}
