//! Runtimes come and go as they do when a new release is rolled out.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use crate::learner::{Learner, Manner, Seen};
use crate::stack::{Company, Stack};
use crate::{standstill, verdict, witness};

/// A conversation that waits is served within this of a runtime's start.
const SERVED_WITHIN: Duration = Duration::from_secs(2);
/// A turn's words are written within this of their arrival.
const KEPT_WITHIN: Duration = Duration::from_secs(1);
const LEARNERS: usize = 20;

pub async fn a_rolling_restart_of_two_runtimes_drops_none_of_twenty_conversations() {
    let mut stack = Stack::start("rolling-restart", Company::Many).await;
    let runtimes = [stack.agent().await, stack.agent().await];
    let mut learners = stack.learners(LEARNERS, Manner::Polite).await;
    for learner in &learners {
        learner
            .until("the first answer", Duration::from_secs(60), |seen| {
                seen.finals() >= 2
            })
            .await;
    }
    let served = witness::served(&stack.pool).await;
    for runtime in &runtimes {
        let share = served.values().filter(|who| **who == runtime.who).count();
        println!("{} serves {share} conversations", runtime.who);
    }
    let mut fresh = Vec::new();
    for runtime in runtimes {
        let began = Instant::now();
        assert!(runtime.go().await.success(), "it went by itself");
        println!(
            "a runtime was gone {:?} after it was asked to go",
            began.elapsed()
        );
        fresh.push(stack.agent().await);
        for learner in &learners {
            learner
                .until("a runtime", Duration::from_secs(20), Seen::is_served)
                .await;
        }
    }
    let talking = learners.iter().map(|learner| {
        let before = learner.seen().finals();
        let goes_on = move |seen: &Seen| seen.is_served() && seen.finals() >= before + 2;
        learner.until("talk after the restarts", Duration::from_secs(40), goes_on)
    });
    join_all(talking).await;
    join_all(learners.iter_mut().map(Learner::falls_silent)).await;
    sleep(Duration::from_secs(2)).await;

    let (mut handed_over, mut asked, mut understood) = (0, 0, 0);
    for learner in &learners {
        let kept = verdict::kept(&stack, learner.conversation).await;
        let seen = learner.seen().clone();
        assert_eq!(seen.closed, None);
        verdict::is_in_order(learner.conversation, &kept);
        verdict::was_kept(learner.conversation, &seen, &kept);
        verdict::was_shown(learner.conversation, &seen, &kept, false);
        handed_over += usize::from(seen.stays.len() > 1);
        asked += seen.asked;
        understood += kept.iter().filter(|turn| !turn.is_tutors).count();
    }
    let deeds = witness::deeds(&stack.pool).await;
    verdict::only_holders_wrote(&deeds);
    let words = |learner| verdict::lateness_of_words(learner, &deeds);
    let words: Vec<_> = learners.iter().flat_map(words).collect();
    println!("words were kept after {}", verdict::spread(words.clone()));
    assert!(words.len() > LEARNERS, "words came after their turns");
    assert!(words.iter().all(|late| *late <= KEPT_WITHIN));
    let open: i64 = sqlx::query_scalar("SELECT count(*) FROM conversations WHERE ended_at IS NULL")
        .fetch_one(&stack.pool)
        .await
        .unwrap();
    println!(
        "{handed_over} conversations changed hands; {asked} questions asked, {understood} understood"
    );
    assert_eq!(open, 20, "none was dropped");
    assert_eq!(handed_over, LEARNERS);
    for runtime in fresh {
        assert!(runtime.go().await.success());
    }
}

pub async fn a_conversation_waits_for_a_runtime_and_is_served_as_soon_as_there_is_one() {
    let mut stack = Stack::start("waiting", Company::Few).await;
    let learners = stack.learners(3, Manner::Polite).await;
    sleep(Duration::from_secs(3)).await;
    assert!(witness::served(&stack.pool).await.is_empty());
    let started = Instant::now();
    let runtime = stack.agent().await;
    let mut delays = Vec::new();
    for learner in &learners {
        learner
            .until("a runtime", Duration::from_secs(20), |seen| {
                !seen.stays.is_empty()
            })
            .await;
        delays.push(standstill::between(started, learner.seen().stays[0]));
    }
    println!("served after {}", verdict::spread(delays.clone()));
    assert!(delays.iter().all(|delay| *delay <= SERVED_WITHIN));
    assert!(runtime.go().await.success());
}
