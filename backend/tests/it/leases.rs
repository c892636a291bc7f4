//! Conversations as leased rows, on a real Postgres: who may serve, who may write, who takes over.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_agent::host::{Claimed, HostError, Lease, Notice, TurnRecord, TutorHost as _};
use avaaz_backend::config::SpendingConfig;
use avaaz_backend::content::ContentKeys;
use avaaz_backend::conversations::domain::ConversationId;
use avaaz_backend::conversations::store as conversations;
use avaaz_backend::livekit::LiveKit;
use avaaz_backend::sessions::store as sessions;
use avaaz_backend::tutor_host::{LeaseTerms, PgTutorHost};
use avaaz_tutor::{EndReason, Patience, Speaker};
use sqlx::PgPool;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::support::{builders, database};

/// Short, so that tests need not wait for real ones to run out.
const TERMS: LeaseTerms = LeaseTerms {
    period: Duration::from_millis(600),
    poll_every: Duration::from_millis(50),
    statement_timeout: Duration::from_secs(2),
    time_limit: Duration::from_secs(3600),
};
/// A little more than a lease lasts.
const RUN_OUT: Duration = Duration::from_millis(750);

struct World {
    pool: PgPool,
    keys: Arc<ContentKeys>,
}

impl World {
    async fn new() -> Self {
        Self {
            pool: database::fresh().await,
            keys: Arc::new(ContentKeys::ephemeral()),
        }
    }

    fn host(&self) -> PgTutorHost {
        let livekit = LiveKit::new(
            "ws://127.0.0.1:9",
            "ws://127.0.0.1:9",
            "key",
            "at-least-32-characters-of-secret".to_owned().into(),
        );
        PgTutorHost::start(
            self.pool.clone(),
            self.keys.clone(),
            Arc::new(livekit),
            TERMS,
            SpendingConfig::default(),
        )
    }

    /// A learner who has asked for a token.
    async fn waiting(&self) -> (Uuid, ConversationId) {
        builders::waiting_conversation(&self.pool).await
    }

    async fn column<T>(&self, column: &str, id: Uuid) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "SELECT {column} FROM conversations WHERE id = $1"
        )))
        .bind(id)
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    async fn turn_count(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM turns")
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

fn turn(seq: u32, text: &str) -> TurnRecord {
    let now = SystemTime::now();
    TurnRecord {
        id: Uuid::now_v7(),
        seq,
        speaker: Speaker::Tutor,
        text: text.to_owned(),
        text_pending: false,
        started_at: now - Duration::from_secs(2),
        ended_at: now,
        interrupted: false,
        heard_ms: Some(2000),
        latency_ms: Some(310),
        provider: Some("simulator".into()),
        model: Some("scripted".into()),
        first_audio_ms: Some(290),
        first_heard_ms: Some(390),
    }
}

async fn claim_one(host: &PgTutorHost, runtime: Uuid) -> Claimed {
    let mut claimed = host.claim(runtime, 1).await.unwrap();
    assert_eq!(claimed.len(), 1, "one conversation waits");
    claimed.remove(0)
}

/// Waits until leases that ran out may be taken: a host gives their holders one period after it came up.
async fn claim_expired(host: &PgTutorHost, runtime: Uuid) -> Claimed {
    for _ in 0..100 {
        if let Some(claimed) = host.claim(runtime, 1).await.unwrap().pop() {
            return claimed;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody took over");
}

async fn notice_about(host: &PgTutorHost, conversation: Uuid) -> Notice {
    timeout(Duration::from_secs(3), async {
        loop {
            let notice = host.next_notice().await;
            let about = match &notice {
                Notice::BriefChanged { conversation, .. }
                | Notice::EndRequested { conversation, .. }
                | Notice::Spent { conversation, .. }
                | Notice::LeaseLost { conversation } => Some(*conversation),
                Notice::WorkMayWait => None,
            };
            if about == Some(conversation) {
                return notice;
            }
        }
    })
    .await
    .expect("a notice within three seconds")
}

#[tokio::test]
async fn a_claim_brings_all_that_is_needed_to_serve() {
    let world = World::new().await;
    let (user, id) = world.waiting().await;
    let runtime = Uuid::now_v7();
    let claimed = claim_one(&world.host(), runtime).await;
    assert_eq!(
        claimed.lease,
        Lease {
            conversation: id.0,
            runtime,
            epoch: 1
        }
    );
    assert_eq!(claimed.room, format!("session-{}", claimed.session));
    assert_eq!(claimed.learner_identity, format!("learner-{user}"));
    assert_eq!(claimed.tutor_identity, format!("tutor-{}", id.0));
    assert_eq!(claimed.brief.learner_name, "Ada");
    assert_eq!((claimed.history.len(), claimed.next_seq), (0, 1));
}

#[tokio::test]
async fn of_two_runtimes_that_race_each_conversation_has_one() {
    let world = World::new().await;
    for _ in 0..20 {
        world.waiting().await;
    }
    let (a, b) = (world.host(), world.host());
    let (runtime_a, runtime_b) = (Uuid::now_v7(), Uuid::now_v7());
    let race = |host: Arc<PgTutorHost>, runtime: Uuid| async move {
        let mut mine = Vec::new();
        for _ in 0..40 {
            mine.extend(
                host.claim(runtime, 1)
                    .await
                    .unwrap()
                    .into_iter()
                    .map(|claimed| claimed.lease.conversation),
            );
            tokio::task::yield_now().await;
        }
        mine
    };
    let (a, b) = (Arc::new(a), Arc::new(b));
    let (mine, theirs) = tokio::join!(
        tokio::spawn(race(a.clone(), runtime_a)),
        tokio::spawn(race(b.clone(), runtime_b))
    );
    let (mine, theirs) = (mine.unwrap(), theirs.unwrap());
    let mut all = [mine.clone(), theirs.clone()].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(
        all.len(),
        20,
        "every conversation is served, by one runtime"
    );
    assert_eq!(mine.len() + theirs.len(), 20, "and none by two");
    assert!(
        !mine.is_empty() && !theirs.is_empty(),
        "a locked row holds nobody up: {} and {}",
        mine.len(),
        theirs.len()
    );
}

#[tokio::test]
async fn a_claim_takes_no_more_than_there_is_room_for_and_the_longest_wait_first() {
    let world = World::new().await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(world.waiting().await.1.0);
    }
    let host = world.host();
    let claimed = host.claim(Uuid::now_v7(), 2).await.unwrap();
    let mut ids: Vec<_> = claimed
        .into_iter()
        .map(|claimed| claimed.lease.conversation)
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, waiting[..2]);
    assert!(host.claim(Uuid::now_v7(), 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_renewed_lease_stays_and_one_that_ran_out_is_taken_over_with_the_history() {
    let world = World::new().await;
    world.waiting().await;
    let (first, second) = (world.host(), world.host());
    let (dead, heir) = (Uuid::now_v7(), Uuid::now_v7());
    let claimed = claim_one(&first, dead).await;
    first
        .record_turn(claimed.lease, turn(1, "Hello Ada!"))
        .await
        .unwrap();
    first
        .record_provider(claimed.lease, "simulator", "scripted")
        .await
        .unwrap();
    for _ in 0..6 {
        assert!(first.renew(&[claimed.lease]).await.unwrap().is_empty());
        assert!(
            second.claim(heir, 1).await.unwrap().is_empty(),
            "it is served"
        );
        sleep(Duration::from_millis(200)).await;
    }
    sleep(RUN_OUT).await;
    let taken = claim_expired(&second, heir).await;
    assert_eq!(taken.lease.epoch, 2);
    assert_eq!(taken.next_seq, 2);
    assert_eq!(taken.history[0].text, "Hello Ada!");
    assert_eq!(
        taken.provider.as_deref(),
        Some("simulator"),
        "it goes on with the provider that it began with"
    );
}

#[tokio::test]
async fn a_runtime_that_lost_its_lease_can_write_nothing_more() {
    let world = World::new().await;
    let (_, id) = world.waiting().await;
    let (first, second) = (world.host(), world.host());
    let stale = claim_one(&first, Uuid::now_v7()).await.lease;
    let pending = TurnRecord {
        text: String::new(),
        text_pending: true,
        ..turn(1, "")
    };
    first.record_turn(stale, pending.clone()).await.unwrap();
    sleep(RUN_OUT).await;
    let taken = claim_expired(&second, Uuid::now_v7()).await.lease;

    let lost = |result: Result<(), HostError>| {
        assert!(matches!(result, Err(HostError::LeaseLost)), "{result:?}");
    };
    lost(first.record_turn(stale, turn(2, "from the grave")).await);
    lost(
        first
            .record_words(stale, pending.id, "from the grave".into())
            .await,
    );
    lost(first.record_presence(stale, true).await);
    lost(first.record_provider(stale, "openai", "none").await);
    lost(first.release(stale).await);
    lost(
        first
            .end(stale, EndReason::TutorEnded, SystemTime::now())
            .await,
    );
    assert_eq!(first.renew(&[stale]).await.unwrap(), [stale]);
    // The same runtime under an older epoch is as stale as another one.
    lost(
        second
            .record_turn(
                Lease {
                    epoch: stale.epoch,
                    ..taken
                },
                turn(2, "older epoch"),
            )
            .await,
    );

    assert_eq!(world.turn_count().await, 1);
    assert_eq!(
        world.column::<Option<String>>("end_reason", id.0).await,
        None
    );
    second
        .record_words(taken, pending.id, "good morning".into())
        .await
        .unwrap();
    second
        .record_turn(taken, turn(2, "Good morning!"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_lease_that_ran_out_while_nobody_took_it_still_writes_and_renews() {
    let world = World::new().await;
    world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    sleep(RUN_OUT).await;
    host.record_turn(lease, turn(1, "kept through the outage"))
        .await
        .unwrap();
    assert!(host.renew(&[lease]).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_is_gone_from_the_database_is_taken_over_at_half_a_lease_also_by_a_newcomer() {
    let world = World::new().await;
    world.waiting().await;
    let host = world.host();
    claim_one(&host, Uuid::now_v7()).await;
    sleep(TERMS.period * 3 / 4).await;
    let newcomer = world.host();
    assert!(
        newcomer.claim(Uuid::now_v7(), 1).await.unwrap().is_empty(),
        "it lives, and may have been held up"
    );
    // As when its process is killed.
    drop(host);
    assert!(drop_listeners(&world.pool).await >= 1);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(claim_one(&newcomer, Uuid::now_v7()).await.lease.epoch, 2);
}

#[tokio::test]
async fn a_connection_that_is_made_anew_costs_no_lease() {
    let world = World::new().await;
    world.waiting().await;
    let (holder, other) = (world.host(), world.host());
    let lease = claim_one(&holder, Uuid::now_v7()).await.lease;
    // The lock is taken a moment after the first claim.
    sleep(TERMS.period / 6).await;
    assert_eq!(drop_listeners(&world.pool).await, 1);
    for _ in 0..8 {
        assert!(holder.renew(&[lease]).await.unwrap().is_empty());
        assert!(other.claim(Uuid::now_v7(), 1).await.unwrap().is_empty());
        sleep(TERMS.period / 6).await;
    }
}

/// Cuts the connections on which hosts listen, and say that their runtimes live. Returns how many.
async fn drop_listeners(pool: &PgPool) -> u64 {
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')",
    )
    .execute(pool)
    .await
    .unwrap()
    .rows_affected()
}

#[tokio::test]
async fn a_runtime_never_takes_over_from_itself_but_takes_up_again_what_it_gave_up_without_a_word()
{
    let world = World::new().await;
    world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    sleep(RUN_OUT).await;
    // It was held up, and not only at renewing.
    assert!(host.claim(lease.runtime, 1).await.unwrap().is_empty());
    assert!(host.renew(&[lease]).await.unwrap().is_empty());
    // Its end could not be written: it renews no more, and goes on claiming.
    assert_eq!(claim_expired(&host, lease.runtime).await.lease.epoch, 2);
}

#[tokio::test]
async fn a_host_that_has_just_reached_the_database_leaves_the_holders_a_period_to_renew() {
    let world = World::new().await;
    world.waiting().await;
    let holder = world.host();
    let lease = claim_one(&holder, Uuid::now_v7()).await.lease;
    sleep(RUN_OUT).await;
    let newcomer = world.host();
    assert!(
        newcomer.claim(Uuid::now_v7(), 1).await.unwrap().is_empty(),
        "the holder may come back from the same outage"
    );
    assert!(holder.renew(&[lease]).await.unwrap().is_empty());
}

#[tokio::test]
async fn writing_the_same_turn_again_is_one_row() {
    let world = World::new().await;
    world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    let first = turn(1, "once");
    let (a, b, c) = tokio::join!(
        host.record_turn(lease, first.clone()),
        host.record_turn(lease, first.clone()),
        host.record_turn(lease, first.clone())
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    host.record_turn(lease, turn(2, "twice")).await.unwrap();
    host.record_turn(lease, first).await.unwrap();
    assert_eq!(world.turn_count().await, 2);
}

#[tokio::test]
async fn turns_have_no_gaps_and_no_doubles() {
    let world = World::new().await;
    world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    let refused = |result: Result<(), HostError>| {
        assert!(matches!(result, Err(HostError::Refused(_))), "{result:?}");
    };
    refused(host.record_turn(lease, turn(2, "too early")).await);
    host.record_turn(lease, turn(1, "first")).await.unwrap();
    refused(host.record_turn(lease, turn(1, "another first")).await);
    refused(
        host.record_words(lease, Uuid::now_v7(), "of no turn".into())
            .await,
    );
    assert_eq!(world.turn_count().await, 1);
}

#[tokio::test]
async fn words_are_not_readable_in_the_table_and_come_back_through_the_key() {
    let world = World::new().await;
    world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    host.record_turn(lease, turn(1, "Lissabon im Frühling"))
        .await
        .unwrap();
    let late = TurnRecord {
        text: String::new(),
        text_pending: true,
        speaker: Speaker::Learner,
        ..turn(2, "")
    };
    host.record_turn(lease, late.clone()).await.unwrap();
    host.record_words(lease, late.id, "Porto im Herbst".into())
        .await
        .unwrap();
    host.record_words(lease, late.id, "a second try changes nothing".into())
        .await
        .unwrap();

    // Every byte of every column, as a thief of the table would see it.
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT turns::text || encode(words_ciphertext, 'escape') FROM turns")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    assert_eq!(rows.len(), 2);
    for word in ["Lissabon", "Frühling", "Porto", "Herbst"] {
        let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(
            rows.iter()
                .all(|row| !row.contains(word) && !row.contains(&hex)),
            "{word} is readable"
        );
    }
    host.release(lease).await.unwrap();
    let texts: Vec<_> = claim_one(&host, Uuid::now_v7())
        .await
        .history
        .into_iter()
        .map(|turn| turn.text)
        .collect();
    assert_eq!(texts, ["Lissabon im Frühling", "Porto im Herbst"]);
}

#[tokio::test]
async fn a_turn_whose_key_is_gone_costs_only_itself() {
    let world = World::new().await;
    world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    host.record_turn(lease, turn(1, "lost with its key"))
        .await
        .unwrap();
    host.record_turn(lease, turn(2, "still here"))
        .await
        .unwrap();
    sqlx::query("UPDATE turns SET words_key_id = 'burnt' WHERE seq = 1")
        .execute(&world.pool)
        .await
        .unwrap();
    host.release(lease).await.unwrap();
    let claimed = claim_one(&host, Uuid::now_v7()).await;
    assert_eq!(
        claimed
            .history
            .iter()
            .map(|turn| turn.text.as_str())
            .collect::<Vec<_>>(),
        ["still here"]
    );
    assert_eq!(claimed.next_seq, 3);
}

#[tokio::test]
async fn a_released_conversation_is_claimed_at_once_and_its_release_is_heard() {
    let world = World::new().await;
    world.waiting().await;
    let (leaving, staying) = (world.host(), world.host());
    let lease = claim_one(&leaving, Uuid::now_v7()).await.lease;
    leaving.release(lease).await.unwrap();
    timeout(Duration::from_secs(1), async {
        while !matches!(staying.next_notice().await, Notice::WorkMayWait) {}
    })
    .await
    .unwrap();
    assert_eq!(claim_one(&staying, Uuid::now_v7()).await.lease.epoch, 2);
}

#[tokio::test]
async fn a_new_conversation_wakes_a_runtime_long_before_it_polls() {
    let world = World::new().await;
    let livekit = LiveKit::new(
        "ws://127.0.0.1:9",
        "ws://127.0.0.1:9",
        "key",
        "at-least-32-characters-of-secret".to_owned().into(),
    );
    let terms = LeaseTerms {
        poll_every: Duration::from_secs(3600),
        ..TERMS
    };
    let host = PgTutorHost::start(
        world.pool.clone(),
        world.keys.clone(),
        Arc::new(livekit),
        terms,
        SpendingConfig::default(),
    );
    // The first poll and the first connection each say that work may wait.
    while timeout(Duration::from_millis(500), host.next_notice())
        .await
        .is_ok()
    {}
    let woken = tokio::time::Instant::now();
    world.waiting().await;
    timeout(Duration::from_secs(2), host.next_notice())
        .await
        .expect("a word of it");
    assert!(woken.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn the_end_by_the_learner_reaches_the_runtime_which_may_still_write_what_was_said() {
    let world = World::new().await;
    let (_, id) = world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    conversations::end_by_learner(&world.pool, id)
        .await
        .unwrap();
    let notice = notice_about(&host, id.0).await;
    assert!(
        matches!(
            notice,
            Notice::EndRequested {
                reason: EndReason::LearnerEnded,
                ..
            }
        ),
        "{notice:?}"
    );
    host.record_turn(lease, turn(1, "what was being sa"))
        .await
        .unwrap();
    host.end(lease, EndReason::TutorEnded, SystemTime::now())
        .await
        .unwrap();
    assert_eq!(
        world
            .column::<Option<String>>("end_reason", id.0)
            .await
            .as_deref(),
        Some("learner_ended")
    );
    assert!(
        world
            .host()
            .claim(Uuid::now_v7(), 1)
            .await
            .unwrap()
            .is_empty(),
        "an ended conversation is not served"
    );
}

#[tokio::test]
async fn a_deleted_conversation_is_a_lost_lease() {
    let world = World::new().await;
    let (_, id) = world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    conversations::delete(&world.pool, id).await.unwrap();
    assert!(matches!(
        notice_about(&host, id.0).await,
        Notice::LeaseLost { .. }
    ));
    assert!(matches!(
        host.record_turn(lease, turn(1, "to nobody")).await,
        Err(HostError::LeaseLost)
    ));
}

#[tokio::test]
async fn changed_settings_reach_the_runtime_as_a_new_brief_with_voice_and_provider() {
    let world = World::new().await;
    let (user, id) = world.waiting().await;
    let host = world.host();
    claim_one(&host, Uuid::now_v7()).await;
    let session = sessions::get_or_create_default(&world.pool, user)
        .await
        .unwrap();
    let patch = serde_json::json!({
        "patience": "patient", "goal": "order lunch", "voice": "marin", "provider": "gemini"
    });
    let settings = session
        .settings
        .changed_by(patch.as_object().unwrap())
        .unwrap();
    let mut transaction = world.pool.begin().await.unwrap();
    sessions::save_settings(&mut transaction, session.id, &settings)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let Notice::BriefChanged {
        brief, provider, ..
    } = notice_about(&host, id.0).await
    else {
        panic!("a new brief")
    };
    assert_eq!(brief.patience, Patience::Patient);
    assert_eq!(brief.goal.as_deref(), Some("order lunch"));
    assert_eq!(brief.voice.as_deref(), Some("marin"));
    assert_eq!(provider.as_deref(), Some("gemini"));
}

#[tokio::test]
async fn memories_that_are_slow_to_read_hold_up_neither_new_briefs_nor_take_overs() {
    let world = World::new().await;
    let (host, other) = (world.host(), world.host());
    for _ in 0..3 {
        world.waiting().await;
    }
    let runtime = Uuid::now_v7();
    let held = host.claim(runtime, 3).await.unwrap();
    let leases: Vec<Lease> = held.iter().map(|claimed| claimed.lease).collect();
    let (_, orphan) = world.waiting().await;
    claim_one(&other, Uuid::now_v7()).await;

    let mut slow = world.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE memories")
        .execute(&mut *slow)
        .await
        .unwrap();
    sqlx::query("UPDATE sessions SET updated_at = now() + interval '1 second'")
        .execute(&world.pool)
        .await
        .unwrap();
    // Its holder says nothing more; ours is told of three changes meanwhile.
    assert!(host.renew(&leases).await.unwrap().is_empty());
    slow.rollback().await.unwrap();
    let mut changed = Vec::new();
    while changed.len() < 3 {
        let notice = timeout(Duration::from_secs(1), host.next_notice()).await;
        if let Notice::BriefChanged { conversation, .. } = notice.expect("three new briefs") {
            changed.push(conversation);
        }
    }
    let taken = claim_one(&host, runtime).await;
    assert_eq!(taken.lease.conversation, orphan.0, "at once");
}

#[tokio::test]
async fn the_patience_that_a_learner_asks_for_is_kept_and_comes_back_as_a_new_brief() {
    let world = World::new().await;
    let host = world.host();
    let (_, id) = world.waiting().await;
    let claimed = claim_one(&host, Uuid::now_v7()).await;
    let nonsense = host
        .run_tool(claimed.lease, "set_patience", r#"{"patience":"endless"}"#)
        .await;
    assert!(matches!(nonsense, Err(HostError::Refused(_))));
    assert_eq!(host.tools()[0].name, "set_patience");

    let arguments = r#"{"patience":"patient"}"#;
    let result = host
        .run_tool(claimed.lease, "set_patience", arguments)
        .await;
    assert_eq!(result.unwrap(), arguments);
    let Notice::BriefChanged { brief, .. } = notice_about(&host, id.0).await else {
        panic!("a new brief")
    };
    assert_eq!(brief.patience, Patience::Patient);

    let stale = Lease {
        epoch: claimed.lease.epoch - 1,
        ..claimed.lease
    };
    let refused = host
        .run_tool(stale, "set_patience", r#"{"patience":"quick"}"#)
        .await;
    assert!(matches!(refused, Err(HostError::LeaseLost)));
}

#[tokio::test]
async fn what_a_lost_notification_would_have_said_is_said_with_the_next_renewal() {
    let world = World::new().await;
    let (_, id) = world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    // Straight in the table: nobody is notified.
    sqlx::query(
        "UPDATE conversations SET ended_at = now(), end_reason = 'learner_ended' WHERE id = $1",
    )
    .bind(id.0)
    .execute(&world.pool)
    .await
    .unwrap();
    assert!(host.renew(&[lease]).await.unwrap().is_empty());
    assert!(matches!(
        notice_about(&host, id.0).await,
        Notice::EndRequested { .. }
    ));
}

#[tokio::test]
async fn after_its_connection_was_cut_the_host_hears_again() {
    let world = World::new().await;
    let (_, id) = world.waiting().await;
    let host = world.host();
    claim_one(&host, Uuid::now_v7()).await;
    // The listener says so before it waits for more.
    host.next_notice().await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(drop_listeners(&world.pool).await, 1);
    conversations::end_by_learner(&world.pool, id)
        .await
        .unwrap();
    assert!(matches!(
        notice_about(&host, id.0).await,
        Notice::EndRequested { .. }
    ));
}

#[tokio::test]
async fn presence_is_noted_and_a_second_leave_does_not_put_the_end_off() {
    let world = World::new().await;
    let (_, id) = world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    host.record_presence(lease, true).await.unwrap();
    assert!(world.column::<bool>("learner_present", id.0).await);
    host.record_presence(lease, false).await.unwrap();
    let since: chrono::DateTime<chrono::Utc> = world.column("learner_away_since", id.0).await;
    host.record_presence(lease, false).await.unwrap();
    assert_eq!(
        world
            .column::<chrono::DateTime<chrono::Utc>>("learner_away_since", id.0)
            .await,
        since
    );
}

#[tokio::test]
async fn a_database_that_is_away_is_unavailable_and_nothing_is_taken_for_lost() {
    let world = World::new().await;
    world.waiting().await;
    let host = world.host();
    let lease = claim_one(&host, Uuid::now_v7()).await.lease;
    world.pool.close().await;
    assert!(matches!(
        host.renew(&[lease]).await,
        Err(HostError::Unavailable(_))
    ));
    assert!(matches!(
        host.record_turn(lease, turn(1, "kept by the runtime"))
            .await,
        Err(HostError::Unavailable(_))
    ));
}

#[tokio::test]
async fn words_that_nobody_can_fill_in_any_more_are_not_waited_for() {
    let world = World::new().await;
    world.waiting().await;
    let (first, second) = (world.host(), world.host());
    let lease = claim_one(&first, Uuid::now_v7()).await.lease;
    let pending = TurnRecord {
        text: String::new(),
        text_pending: true,
        speaker: Speaker::Learner,
        ..turn(1, "")
    };
    first.record_turn(lease, pending).await.unwrap();
    sleep(RUN_OUT).await;
    let taken = claim_expired(&second, Uuid::now_v7()).await;
    assert_eq!(taken.next_seq, 2);
    assert_eq!(taken.history[0].text, "", "its place can be given up");
    let still: i64 = sqlx::query_scalar("SELECT count(*) FROM turns WHERE text_pending")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(still, 0);
}
