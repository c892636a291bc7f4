//! Rows that tests begin with.

use avaaz_backend::conversations::domain::ConversationId;
use avaaz_backend::conversations::store as conversations;
use avaaz_backend::sessions::store as sessions;
use sqlx::PgPool;
use uuid::Uuid;

/// A learner who has asked for a token, and the conversation that waits for a runtime.
pub async fn waiting_conversation(pool: &PgPool) -> (Uuid, ConversationId) {
    let user = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO users (id, email, display_name, password_hash) VALUES ($1, $2, 'Ada', 'none')",
    )
    .bind(user)
    .bind(format!("{user}@example.org"))
    .execute(pool)
    .await
    .expect("a learner");
    let session = sessions::get_or_create_default(pool, user)
        .await
        .expect("a session");
    (
        user,
        conversations::ensure_open(pool, &session)
            .await
            .expect("a conversation"),
    )
}
