//! A witness in the database: who claimed a conversation, and who wrote its turns, in the order in which it happened.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, raw_sql};
use tokio::time::sleep;
use uuid::Uuid;

const SCHEMA: &str = "
    CREATE TABLE witness (
        id bigserial PRIMARY KEY, what text NOT NULL, who text NOT NULL, conversation uuid NOT NULL, seq integer NOT NULL
    );
    CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO witness (what, who, conversation, seq) VALUES ('claim', session_user, NEW.id, NEW.last_turn_seq);
        RETURN NULL;
    END $$;
    CREATE TRIGGER note_claim AFTER UPDATE ON conversations FOR EACH ROW
        WHEN (NEW.lease_epoch <> OLD.lease_epoch) EXECUTE FUNCTION note_claim();
    CREATE FUNCTION note_turn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO witness (what, who, conversation, seq) VALUES (TG_OP, session_user, NEW.conversation_id, NEW.seq);
        RETURN NULL;
    END $$;
    CREATE TRIGGER note_turn AFTER INSERT OR UPDATE ON turns FOR EACH ROW EXECUTE FUNCTION note_turn();
";

/// What a process can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Claim,
    Turn,
    /// Of a turn that was written without them.
    Words,
}

/// Something that a process did.
#[derive(Debug, Clone)]
pub struct Deed {
    pub what: What,
    pub who: String,
    pub conversation: Uuid,
    /// Of a claim: the last turn that was there.
    pub seq: i32,
    /// When it was committed.
    pub at: DateTime<Utc>,
}

/// Begins to watch.
pub async fn install(pool: &PgPool) {
    raw_sql(SCHEMA).execute(pool).await.unwrap();
}

/// Returns all that was seen.
pub async fn deeds(pool: &PgPool) -> Vec<Deed> {
    let rows: Vec<(String, String, Uuid, i32, DateTime<Utc>)> = sqlx::query_as(
        "SELECT what, who, conversation, seq, pg_xact_commit_timestamp(xmin) FROM witness ORDER BY id",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let deeds = rows
        .into_iter()
        .map(|(what, who, conversation, seq, at)| Deed {
            what: match &*what {
                "claim" => What::Claim,
                "INSERT" => What::Turn,
                _ => What::Words,
            },
            who,
            conversation,
            seq,
            at,
        });
    deeds.collect()
}

/// Waits until the database has seen that a process is gone.
pub async fn gone(pool: &PgPool, who: &str) {
    let is_there = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = $1)";
    while sqlx::query_scalar(is_there)
        .bind(who)
        .fetch_one(pool)
        .await
        .unwrap()
    {
        sleep(Duration::from_millis(10)).await;
    }
}

/// Returns who serves each conversation that is served.
pub async fn served(pool: &PgPool) -> HashMap<Uuid, String> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT DISTINCT ON (w.conversation) w.conversation, w.who
         FROM witness w JOIN conversations c ON c.id = w.conversation
         WHERE w.what = 'claim' AND c.lease_expires_at > now() AND c.ended_at IS NULL
         ORDER BY w.conversation, w.id DESC",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter().collect()
}
