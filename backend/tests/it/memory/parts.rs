//! Conversations that a model cannot read at once, or will not read.

use avaaz_models::ModelError;
use serde_json::json;

use super::world::{World, learners_words, plain_notes};

#[tokio::test]
async fn a_model_that_reads_little_is_given_smaller_parts_and_reads_each_word_once() {
    let world = World::noting(|question| {
        let said = learners_words(question);
        if said.iter().map(|words| words.len()).sum::<usize>() > 3_000 {
            return Err(ModelError::TooLong);
        }
        let so_far = question.split("# Summary so far\n").nth(1).unwrap();
        let so_far = so_far.lines().next().unwrap().split(' ');
        let mut counts = so_far.filter_map(|word| word.parse::<usize>().ok());
        let count = counts.next().unwrap_or(0) + said.len();
        Ok(json!({"summary": format!("The learner has said {count} sentences")}))
    })
    .await;
    let long = "word ".repeat(120);
    let conversation = world.talk(&[long.as_str(); 19]).await;
    world.summary(conversation).await;
    world.quiet().await;
    assert_eq!(
        world.summary(conversation).await.0,
        "The learner has said 19 sentences"
    );
}

#[tokio::test]
async fn a_part_that_the_model_declines_is_passed_over_and_the_rest_is_told() {
    let world = World::noting(|question| {
        if question.contains("a crime") {
            return Err(ModelError::Declined);
        }
        plain_notes(question)
    })
    .await;
    let crime = "a crime ".repeat(2_499);
    let conversation = world.talk(&[&crime, "I like trains"]).await;
    let (summary, _) = world.summary(conversation).await;
    assert_eq!(summary, "The learner said: I like trains");

    let declined = world.talk(&["a crime"]).await;
    world.quiet().await;
    let answer = format!("/conversations/{declined}/summary");
    assert_eq!(world.ada.get(&answer).await.problem(), "not_found");
    assert_eq!(
        avaaz_backend::jobs::counts(&world.app.pool)
            .await
            .unwrap()
            .dead,
        0
    );
}
