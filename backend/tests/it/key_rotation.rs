//! New keys for the words at rest, while two servers read and write.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_agent::host::{HostError, Lease, TurnRecord, TutorHost as _};
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

/// Time for many looks at the file.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time for a few.
const SHORT: Duration = Duration::from_secs(3);

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
        self.server_with(&self.path)
    }

    fn server_with(&self, path: &Path) -> (Arc<ContentKeys>, DropGuard) {
        let keys = Arc::new(ContentKeys::load(path).unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&keys).follow(self.pool.clone(), stop.clone()));
        (keys, stop.drop_guard())
    }

    /// How many processes say which keys they hold.
    async fn readers(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM content_key_readers")
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    async fn take(&self, step: Step, patience: Duration) -> Result<Resealed, String> {
        let taken = rotation::rotate(&self.pool, &self.path, Some(step), patience).await;
        taken.map_err(|error| error.to_string())
    }

    /// The ids of the file's keys.
    fn ids(&self) -> Vec<String> {
        ContentKeys::load(&self.path).unwrap().ids()
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
    let rotating = rotation::rotate(&world.pool, &world.path, None, PATIENCE);
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
    let step = async |step| rotation::rotate(&world.pool, &world.path, Some(step), PATIENCE).await;
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

#[tokio::test]
async fn a_key_of_any_name_is_replaced() {
    let world = World::new().await;
    let file = std::fs::read_to_string(&world.path).unwrap();
    let ours = world.ids().remove(0);
    // Sorts after all ids of our own making, and was never counted.
    let file = file
        .replace(&ours, "main")
        .replace("\"generation\": 1", "\"generation\": 0");
    std::fs::write(&world.path, file).unwrap();
    let keys = Arc::new(ContentKeys::load(&world.path).unwrap());
    assert_eq!(keys.current(), "main");
    let (host, lease) = world.serving(&keys).await;
    host.record_turn(lease, turn(1)).await.unwrap();
    let resealed = rotation::rotate(&world.pool, &world.path, None, PATIENCE).await;
    assert_eq!(resealed.unwrap().written, 1);
    keys.read_again().unwrap();
    assert_eq!(world.ids(), [keys.current()]);
    assert_ne!(keys.current(), "main");
    assert_eq!(world.read(&keys, lease).await, ["Number 1."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_waits_for_every_living_process_and_drops_nothing_before() {
    let world = World::new().await;
    // One that has its own copy of the file, which nobody replaces: it follows no more than one that may not read it.
    let copy = world.path.with_file_name("copy.json");
    std::fs::copy(&world.path, &copy).unwrap();
    let (near, _near) = world.server();
    let (far, _far) = world.server_with(&copy);
    while world.readers().await < 2 {
        sleep(Duration::from_millis(20)).await;
    }
    let (host, lease) = world.serving(&far).await;
    host.record_turn(lease, turn(1)).await.unwrap();
    let old = near.current();

    let refused = rotation::rotate(&world.pool, &world.path, None, SHORT).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("not all processes can read with") && refused.contains("(1 do not)"),
        "{refused}"
    );
    assert_eq!(world.ids()[0], old, "the old key still writes");

    std::fs::copy(&world.path, &copy).unwrap();
    world.take(Step::Use, SHORT).await.unwrap();
    for step in [Step::Reseal, Step::Drop] {
        let refused = world.take(step, SHORT).await.unwrap_err();
        assert!(
            refused.contains("not all processes write with"),
            "{refused}"
        );
    }
    assert!(world.ids().contains(&old));
    host.record_turn(lease, turn(2)).await.unwrap();

    std::fs::copy(&world.path, &copy).unwrap();
    assert_eq!(world.take(Step::Reseal, PATIENCE).await.unwrap().written, 2);
    world.take(Step::Drop, PATIENCE).await.unwrap();
    assert_eq!(world.ids(), [near.current()]);
    assert_eq!(world.read(&near, lease).await, ["Number 1.", "Number 2."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ended_or_is_silent_is_not_waited_for() {
    let world = World::new().await;
    sqlx::query(
        "INSERT INTO content_key_readers (process, key_ids, seen_at)
         VALUES (gen_random_uuid(), ARRAY['another'], now() - interval '16 seconds')",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    let copy = world.path.with_file_name("copy.json");
    std::fs::copy(&world.path, &copy).unwrap();
    let (_, lives) = world.server_with(&copy);
    while world.readers().await < 2 {
        sleep(Duration::from_millis(20)).await;
    }
    drop(lives);
    let resealed = rotation::rotate(&world.pool, &world.path, None, SHORT).await;
    assert_eq!(resealed.unwrap(), Resealed::default());
    assert_eq!(world.readers().await, 1);
}

#[tokio::test]
async fn words_under_a_dropped_key_are_taken_from_nobody_and_are_written_once_the_file_was_read_again()
 {
    let world = World::new().await;
    // It says nothing and notices nothing, as one that was stopped in its tracks.
    let keys = Arc::new(ContentKeys::load(&world.path).unwrap());
    let (host, lease) = world.serving(&keys).await;
    host.record_turn(lease, turn(1)).await.unwrap();
    rotation::rotate(&world.pool, &world.path, None, Duration::ZERO)
        .await
        .unwrap();
    let late = turn(2);
    let refused = host.record_turn(lease, late.clone()).await;
    // What is unavailable is tried again.
    assert!(
        matches!(refused, Err(HostError::Unavailable(_))),
        "{refused:?}"
    );
    keys.read_again().unwrap();
    host.record_turn(lease, late).await.unwrap();
    assert_eq!(world.read(&keys, lease).await, ["Number 1.", "Number 2."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_being_written_while_their_key_is_dropped_keep_it() {
    let world = World::new().await;
    let keys = Arc::new(ContentKeys::load(&world.path).unwrap());
    let (host, lease) = world.serving(&keys).await;
    for step in [Step::Add, Step::Use, Step::Reseal] {
        world.take(step, Duration::ZERO).await.unwrap();
    }
    let late = Uuid::now_v7();
    let words = keys.seal(late, "Number 1.");
    let mut writing = world.pool.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO turns (id, conversation_id, seq, speaker, words_ciphertext, words_nonce, words_key_id, started_at, ended_at)
         VALUES ($1, $2, 1, 'tutor', $3, $4, $5, now(), now())",
    )
    .bind(late)
    .bind(lease.conversation)
    .bind(words.ciphertext)
    .bind(words.nonce)
    .bind(&words.key_id)
    .execute(&mut *writing)
    .await
    .unwrap();
    let (dropped, ()) = tokio::join!(world.take(Step::Drop, Duration::ZERO), async {
        sleep(Duration::from_millis(700)).await;
        writing.commit().await.unwrap();
    });
    let refused = dropped.unwrap_err();
    assert!(refused.contains("1 texts still need"), "{refused}");
    assert!(world.ids().contains(&words.key_id));
    assert_eq!(world.read(&keys, lease).await, ["Number 1."]);
    // Nor is anything refused for it.
    sqlx::query("UPDATE conversations SET last_turn_seq = 1")
        .execute(&world.pool)
        .await
        .unwrap();
    host.record_turn(lease, turn(2)).await.unwrap();
    assert_eq!(world.take(Step::Reseal, PATIENCE).await.unwrap().written, 2);
    world.take(Step::Drop, PATIENCE).await.unwrap();
}

#[tokio::test]
async fn wherever_words_are_kept_a_dropped_key_is_refused() {
    let pool = database::fresh().await;
    let tables = async |query: &'static str| {
        let tables: Vec<String> = sqlx::query_scalar(query).fetch_all(&pool).await.unwrap();
        tables
    };
    let with_words = tables(
        "SELECT table_name::text FROM information_schema.columns
         WHERE column_name = 'words_key_id' AND table_schema = 'public' ORDER BY 1",
    );
    let guarded = tables(
        "SELECT tgrelid::regclass::text FROM pg_trigger
         WHERE tgfoid = 'refuse_dropped_content_key'::regproc AND tgenabled = 'O' ORDER BY 1",
    );
    let with_words = with_words.await;
    assert_eq!(with_words.len(), 3);
    assert_eq!(with_words, guarded.await);
}
