//! What a tutor is told at the beginning of the next conversation, and what the learner may see and forget of it.

use avaaz_agent::host::TutorHost as _;
use avaaz_tutor::EndReason;
use std::time::SystemTime;

use super::world::World;

#[tokio::test]
async fn the_second_conversation_begins_with_what_the_first_one_told() {
    let world = World::start().await;
    let first = world.begin().await;
    assert!(first.brief.notes.is_empty(), "nothing is known yet");
    world
        .host
        .end(first.lease, EndReason::LearnerEnded, SystemTime::now())
        .await
        .unwrap();
    let talk = world
        .talk(&["I plan a trip to Lisbon", "goal: Wants to pass DELF B2"])
        .await;
    world.summary(talk).await;

    let shown = world.ada.get("/sessions/default/brief").await;
    let next = world.begin().await;
    let told = next.brief.notes.join("\n");
    assert!(
        told.contains("I plan a trip to Lisbon")
            && told.contains("- Goal: <memory>Wants to pass DELF B2</memory>"),
        "{told}"
    );
    let instructions = avaaz_tutor::instructions(&next.brief);
    assert_eq!(
        shown.body["instructions"], instructions,
        "the learner sees what the tutor is told"
    );
    assert_eq!(shown.body["memories"][0]["text"], "Wants to pass DELF B2");
    assert_eq!(
        shown.body["summaries"][0]["conversation_id"],
        talk.to_string()
    );
    let again = world.ada.get("/sessions/default/brief").await;
    assert_eq!(
        shown.body, again.body,
        "the same memories make the same brief"
    );
}

#[tokio::test]
async fn a_brief_stays_small_with_hundreds_of_memories_and_prefers_what_is_near() {
    let world = World::start().await;
    for part in 0..25 {
        let mut facts: Vec<String> = (0..11)
            .map(|n| {
                format!(
                    "interest: Collects old stamps of land{part}x{n} and of no other far country"
                )
            })
            .collect();
        if part == 18 {
            facts.push("interest: Cooks risotto with saffron on Sundays".to_owned());
        }
        let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
        let conversation = world.talk(&facts).await;
        world.summary(conversation).await;
    }
    let near = world
        .talk(&["Risotto with saffron is what I cooked on Sunday"])
        .await;
    world.summary(near).await;
    let shown = world.ada.get("/sessions/default/brief").await;
    let text = shown.text("instructions");
    assert!(text.contains("Cooks risotto"), "{text}");
    let tokens = shown.body["estimated_tokens"].as_u64().unwrap();
    println!(
        "a brief of {tokens} tokens out of {} facts",
        world.facts().await.len()
    );
    assert!(tokens < 2_600, "{tokens}");
    assert_eq!(
        world
            .count("SELECT count(*) FROM memories WHERE kind <> 'summary' AND retired_at IS NULL")
            .await,
        200
    );
}

#[tokio::test]
async fn a_learner_reads_pages_of_memories_and_forgets_one_for_good() {
    let world = World::start().await;
    let talk = world
        .talk(&[
            "goal: Wants to pass DELF B2",
            "person: Has a cat",
            "interest: Plays chess",
        ])
        .await;
    world.summary(talk).await;
    let first = world.ada.get("/sessions/default/memories?limit=2").await;
    assert_eq!(first.body["items"].as_array().unwrap().len(), 2);
    let cursor = first.text("next_cursor");
    let rest = world
        .ada
        .get(&format!(
            "/sessions/default/memories?limit=2&cursor={cursor}"
        ))
        .await;
    assert_eq!(rest.body["items"].as_array().unwrap().len(), 1);
    assert!(rest.body["next_cursor"].is_null());

    let id = first.body["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/sessions/default/memories/{id}");
    let eve = world.app.learner().await;
    assert_eq!(eve.delete(&path).await.problem(), "not_found");
    assert_eq!(
        eve.get(&format!("/conversations/{talk}/summary"))
            .await
            .problem(),
        "not_found"
    );
    assert!(
        eve.get("/sessions/default/memories").await.body["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert!(
        !eve.get("/sessions/default/brief")
            .await
            .text("instructions")
            .contains("DELF")
    );
    assert_eq!(world.ada.delete(&path).await.status, 204);
    assert_eq!(world.ada.delete(&path).await.problem(), "not_found");
    assert_eq!(world.facts().await.len(), 2);
    assert_eq!(
        world.count("SELECT count(*) FROM memory_vectors").await,
        3,
        "two facts and a summary"
    );
}
