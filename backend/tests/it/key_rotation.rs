//! New keys for the words at rest, while two servers read and write.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_agent::host::{Lease, TurnRecord, TutorHost as _};
use avaaz_backend::config::SpendingConfig;
use avaaz_backend::content::rotation::{self, Resealed, Step};
use avaaz_backend::content::{ContentKeys, Place, SealedWords, key_file};
use avaaz_backend::conversations::domain::ConversationId;
use avaaz_backend::conversations::store as conversations;
use avaaz_backend::documents::vault::{MaterialKey, Sealed};
use avaaz_backend::livekit::LiveKit;
use avaaz_backend::tutor_host::{LeaseTerms, PgTutorHost};
use avaaz_tutor::Speaker;
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::support::{builders, database};

/// Two looks at the file.
const SPREAD: Duration = Duration::from_millis(2_500);

struct World {
    pool: PgPool,
    path: PathBuf,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("content-keys.json");
        ContentKeys::generate_file(&path).unwrap();
        Self {
            pool: database::fresh().await,
            path,
            _folder: folder,
        }
    }

    /// A server's keys, read again as long as it serves.
    fn server(&self) -> (Arc<ContentKeys>, DropGuard) {
        let keys = Arc::new(ContentKeys::load(&self.path).unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&keys).follow(stop.clone()));
        (keys, stop.drop_guard())
    }

    async fn serving(&self, keys: &Arc<ContentKeys>) -> (PgTutorHost, Lease) {
        builders::waiting_conversation(&self.pool).await;
        let livekit = LiveKit::new(
            "ws://127.0.0.1:9",
            "ws://127.0.0.1:9",
            "key",
            "at-least-32-characters-of-secret".to_owned().into(),
        );
        let host = PgTutorHost::start(
            self.pool.clone(),
            Arc::clone(keys),
            Arc::new(livekit),
            LeaseTerms::default(),
            SpendingConfig::default(),
        );
        let lease = host.claim(Uuid::now_v7(), 1).await.unwrap()[0].lease;
        (host, lease)
    }

    /// Every turn's words, as a server with these keys reads them.
    async fn read(&self, keys: &ContentKeys, lease: Lease) -> Vec<String> {
        let id = ConversationId(lease.conversation);
        let turns = conversations::turns(&self.pool, id, 10_000).await.unwrap();
        let words = turns
            .into_iter()
            .map(|turn| keys.open(turn.id, &turn.words.unwrap()).unwrap());
        words.collect()
    }

    /// The sealed words of a table's only row.
    async fn sealed(&self, query: &'static str) -> SealedWords {
        let (ciphertext, nonce, key_id) =
            sqlx::query_as(query).fetch_one(&self.pool).await.unwrap();
        SealedWords {
            ciphertext,
            nonce,
            key_id,
        }
    }

    async fn keys_in_use(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT DISTINCT words_key_id FROM turns")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }
}

fn turn(seq: u32) -> TurnRecord {
    let now = SystemTime::now();
    TurnRecord {
        id: Uuid::now_v7(),
        seq,
        speaker: Speaker::Tutor,
        text: format!("Number {seq}."),
        text_pending: false,
        started_at: now,
        ended_at: now,
        interrupted: false,
        heard_ms: None,
        first_audio_ms: None,
        latency_ms: None,
        first_heard_ms: None,
        provider: None,
        model: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_while_two_servers_write_and_read_and_the_old_one_is_gone() {
    let world = World::new().await;
    let ((writer, _writes), (reader, _reads)) = (world.server(), world.server());
    let old = std::fs::read_to_string(&world.path).unwrap();
    let (host, lease) = world.serving(&writer).await;
    for seq in 1..=1200 {
        host.record_turn(lease, turn(seq)).await.unwrap();
    }
    let before = writer.current();

    let talking = async {
        for seq in 1201.. {
            host.record_turn(lease, turn(seq)).await.unwrap();
            if seq % 10 == 0 {
                // Whatever the rotation has come to, everything can be read.
                assert_eq!(world.read(&reader, lease).await.len(), seq as usize);
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let rotating = rotation::rotate(&world.pool, &world.path, None, SPREAD);
    let resealed = tokio::select! {
        resealed = rotating => resealed.unwrap(),
        () = talking => unreachable!("talking has no end"),
    };
    assert!(resealed.written >= 1200, "{resealed:?}");
    assert_eq!(resealed.unreadable, 0);

    sleep(Duration::from_millis(1_500)).await;
    assert_ne!(writer.current(), before);
    assert_eq!(world.keys_in_use().await, [writer.current()]);
    let file = std::fs::read_to_string(&world.path).unwrap();
    assert!(!file.contains(&before), "the old key is not in the file");
    let words = world.read(&reader, lease).await;
    for (number, words) in (1..).zip(&words) {
        assert_eq!(*words, format!("Number {number}."));
    }
    // Whoever kept the old file reads nothing any more.
    std::fs::write(&world.path, old).unwrap();
    let thief = ContentKeys::load(&world.path).unwrap();
    let id = ConversationId(lease.conversation);
    for turn in conversations::turns(&world.pool, id, 10_000).await.unwrap() {
        assert!(thief.open(turn.id, &turn.words.unwrap()).is_err());
    }
}

#[tokio::test]
async fn an_interrupted_rotation_is_begun_again_and_keys_that_are_needed_stay() {
    let world = World::new().await;
    let keys = Arc::new(ContentKeys::load(&world.path).unwrap());
    let (host, lease) = world.serving(&keys).await;
    host.record_turn(lease, turn(1)).await.unwrap();
    let step = async |step| rotation::rotate(&world.pool, &world.path, Some(step), SPREAD).await;
    step(Step::Add).await.unwrap();
    step(Step::Use).await.unwrap();
    let refused = step(Step::Drop).await.unwrap_err().to_string();
    assert!(
        refused.contains("1 texts still need other keys"),
        "{refused}"
    );

    keys.read_again().unwrap();
    host.record_turn(lease, turn(2)).await.unwrap();
    let resealed = rotation::rotate(&world.pool, &world.path, None, Duration::ZERO).await;
    let all = Resealed {
        written: 2,
        unreadable: 0,
    };
    assert_eq!(resealed.unwrap(), all);
    keys.read_again().unwrap();
    assert_eq!(world.read(&keys, lease).await, ["Number 1.", "Number 2."]);
    assert_eq!(key_file::newest(&world.path).unwrap(), keys.current());
}

#[tokio::test]
async fn words_that_cannot_be_read_are_counted_and_their_keys_stay() {
    let world = World::new().await;
    let keys = Arc::new(ContentKeys::load(&world.path).unwrap());
    let (host, lease) = world.serving(&keys).await;
    for seq in 1..=3 {
        host.record_turn(lease, turn(seq)).await.unwrap();
    }
    sqlx::query("UPDATE turns SET words_ciphertext = '\\x00' WHERE seq = 2")
        .execute(&world.pool)
        .await
        .unwrap();
    let before = keys.current();
    let refused = rotation::rotate(&world.pool, &world.path, None, Duration::ZERO).await;
    assert!(refused.unwrap_err().to_string().contains("1 texts"));
    let file = std::fs::read_to_string(&world.path).unwrap();
    assert!(
        file.contains(&before),
        "nothing is dropped that is still named"
    );
    keys.read_again().unwrap();
    let id = ConversationId(lease.conversation);
    let turns = conversations::turns(&world.pool, id, 10).await.unwrap();
    let readable = turns
        .into_iter()
        .filter(|turn| keys.open(turn.id, turn.words.as_ref().unwrap()).is_ok());
    assert_eq!(readable.count(), 2);
}

#[tokio::test]
async fn memories_and_the_keys_of_documents_get_the_new_key_too() {
    let world = World::new().await;
    let keys = ContentKeys::load(&world.path).unwrap();
    builders::waiting_conversation(&world.pool).await;
    let (memory, material) = (Uuid::now_v7(), MaterialKey::generate());
    let learner: Uuid = sqlx::query_scalar("SELECT id FROM users")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    let words = keys.seal_in(Place::Memory, memory, "Plays the cello.");
    sqlx::query(
        "INSERT INTO memories (id, user_id, kind, words_ciphertext, words_nonce, words_key_id, text_model)
         VALUES ($1, $2, 'interest', $3, $4, $5, 'test')",
    )
    .bind(memory)
    .bind(learner)
    .bind(words.ciphertext)
    .bind(words.nonce)
    .bind(words.key_id)
    .execute(&world.pool)
    .await
    .unwrap();
    let itself = material.seal_itself(learner, &keys);
    sqlx::query(
        "INSERT INTO material_keys (user_id, words_ciphertext, words_nonce, words_key_id) VALUES ($1, $2, $3, $4)",
    )
    .bind(learner)
    .bind(itself.ciphertext)
    .bind(itself.nonce)
    .bind(itself.key_id)
    .execute(&world.pool)
    .await
    .unwrap();

    let resealed = rotation::rotate(&world.pool, &world.path, None, Duration::ZERO).await;
    assert_eq!(resealed.unwrap().written, 2);
    let keys = ContentKeys::load(&world.path).unwrap();
    let words = world
        .sealed("SELECT words_ciphertext, words_nonce, words_key_id FROM memories")
        .await;
    assert_eq!(words.key_id, keys.current());
    assert_eq!(
        keys.open_in(Place::Memory, memory, &words).unwrap(),
        "Plays the cello."
    );
    let itself = world
        .sealed("SELECT words_ciphertext, words_nonce, words_key_id FROM material_keys")
        .await;
    assert_eq!(itself.key_id, keys.current());
    let row = Uuid::now_v7();
    let name = material.seal(Sealed::Names, row, b"lease.pdf");
    let again = MaterialKey::open_itself(learner, &itself, &keys).unwrap();
    assert_eq!(again.open(Sealed::Names, row, &name).unwrap(), b"lease.pdf");
}
