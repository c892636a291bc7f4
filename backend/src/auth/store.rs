//! Accounts and refresh tokens in Postgres.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::domain::{DisplayName, EmailAddress, StoredToken, User, Verdict};

/// Makes an account. Returns nothing if the address has one.
///
/// # Errors
/// When the database fails.
pub async fn insert_user(
    connection: &mut PgConnection,
    email: &EmailAddress,
    display_name: &DisplayName,
    password_hash: &str,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as!(
        User,
        "INSERT INTO users (id, email, display_name, password_hash) VALUES ($1, $2, $3, $4)
         ON CONFLICT ON CONSTRAINT users_email_key DO NOTHING
         RETURNING id, email, display_name, time_zone, ui_language, created_at",
        Uuid::now_v7(),
        email.as_str(),
        display_name.as_str(),
        password_hash
    )
    .fetch_optional(connection)
    .await
}

/// Returns an account.
///
/// # Errors
/// When the database fails.
pub async fn find_user(pool: &PgPool, id: Uuid) -> sqlx::Result<Option<User>> {
    find_user_in(&mut *pool.acquire().await?, id).await
}

/// Returns an account, inside a transaction.
///
/// # Errors
/// When the database fails.
pub async fn find_user_in(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<User>> {
    sqlx::query_as!(User, "SELECT id, email, display_name, time_zone, ui_language, created_at FROM users WHERE id = $1", id)
        .fetch_optional(connection)
        .await
}

/// Returns the account of an address.
///
/// # Errors
/// When the database fails.
pub async fn find_user_by_email(pool: &PgPool, email: &EmailAddress) -> sqlx::Result<Option<User>> {
    sqlx::query_as!(
        User,
        "SELECT id, email, display_name, time_zone, ui_language, created_at FROM users WHERE email = $1",
        email.as_str()
    )
    .fetch_optional(pool)
    .await
}

/// Returns the hash of an account's password.
///
/// # Errors
/// When the database fails.
pub async fn find_password_hash(pool: &PgPool, user: Uuid) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("SELECT password_hash FROM users WHERE id = $1", user)
        .fetch_optional(pool)
        .await
}

/// What a learner changes about their account; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// What they are called.
    pub display_name: Option<DisplayName>,
    /// Where days begin and end.
    pub time_zone: Option<&'static str>,
    /// The language of the web app.
    pub ui_language: Option<String>,
}

/// Changes an account.
///
/// # Errors
/// When the database fails.
pub async fn change_user(
    pool: &PgPool,
    id: Uuid,
    change: &UserChange,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as!(
        User,
        "UPDATE users SET display_name = coalesce($2, display_name), time_zone = coalesce($3, time_zone),
                          ui_language = coalesce($4, ui_language), updated_at = now()
         WHERE id = $1
         RETURNING id, email, display_name, time_zone, ui_language, created_at",
        id,
        change.display_name.as_ref().map(DisplayName::as_str),
        change.time_zone,
        change.ui_language
    )
    .fetch_optional(pool)
    .await
}

/// Changes a password, unless it was changed since `expected_hash` was read, and revokes every family but one.
/// Returns whether it was done.
///
/// # Errors
/// When the database fails.
pub async fn change_password(
    connection: &mut PgConnection,
    user: Uuid,
    expected_hash: &str,
    new_hash: &str,
    spared_family: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        "UPDATE users SET password_hash = $3, updated_at = now() WHERE id = $1 AND password_hash = $2",
        user,
        expected_hash,
        new_hash
    )
    .execute(&mut *connection)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE refresh_families SET revoked_at = $3, revoked_reason = 'password_changed'
         WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL",
        user,
        spared_family,
        now
    )
    .execute(connection)
    .await?;
    Ok(true)
}

/// Opens a family of refresh tokens: a sign-in.
///
/// # Errors
/// When the database fails.
pub async fn open_family(connection: &mut PgConnection, user: Uuid) -> sqlx::Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO refresh_families (id, user_id) VALUES ($1, $2)",
        id,
        user
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// Stores the hash of a token.
///
/// # Errors
/// When the database fails.
pub async fn insert_token(
    connection: &mut PgConnection,
    family: Uuid,
    token_hash: &[u8],
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO refresh_tokens (id, family_id, token_hash, expires_at) VALUES ($1, $2, $3, $4)",
        Uuid::now_v7(),
        family,
        token_hash,
        expires_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A token that was turned in, its family locked until the transaction ends.
#[derive(Debug)]
pub struct TurnedIn {
    /// Whose it is.
    pub user: Uuid,
    /// The family.
    pub family: Uuid,
    /// What is to be done.
    pub verdict: Verdict,
}

/// Takes a token: marks it used when it is good, revokes its family when it was used before. Of two that come at the same
/// time the family's lock lets one go first, and the other one is a reuse.
///
/// # Errors
/// When the database fails.
pub async fn turn_in(
    connection: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<TurnedIn>> {
    let family = sqlx::query!(
        "SELECT id, user_id, revoked_reason FROM refresh_families
         WHERE id = (SELECT family_id FROM refresh_tokens WHERE token_hash = $1) FOR UPDATE",
        token_hash
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(family) = family else {
        return Ok(None);
    };
    // Read only now, under the lock: what was read before it may have changed meanwhile.
    let token = sqlx::query!(
        "SELECT expires_at, used_at FROM refresh_tokens WHERE token_hash = $1",
        token_hash
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(token) = token else { return Ok(None) };
    let stored = StoredToken {
        expires_at: token.expires_at,
        is_used: token.used_at.is_some(),
        revoked_reason: family.revoked_reason,
    };
    let verdict = stored.judge(now);
    match verdict {
        Verdict::Rotate => {
            sqlx::query!(
                "UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1",
                token_hash,
                now
            )
            .execute(connection)
            .await?;
        }
        Verdict::Reused => revoke(connection, family.id, "reused", now).await?,
        Verdict::RevokedByReuse | Verdict::Revoked | Verdict::Expired => {}
    }
    Ok(Some(TurnedIn {
        user: family.user_id,
        family: family.id,
        verdict,
    }))
}

/// Revokes the family of a token, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(
    connection: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let family = sqlx::query_scalar!(
        "SELECT family_id FROM refresh_tokens WHERE token_hash = $1",
        token_hash
    )
    .fetch_optional(&mut *connection)
    .await?;
    match family {
        Some(family) => revoke(connection, family, "logout", now).await,
        None => Ok(()),
    }
}

/// Revokes every family of an account. One whose token is being turned in at this moment is waited for, and revoked with what it
/// was given.
///
/// # Errors
/// When the database fails.
pub async fn sign_out_everywhere(
    connection: &mut PgConnection,
    user: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let revoked = sqlx::query!(
        "UPDATE refresh_families SET revoked_at = $2, revoked_reason = 'logout' WHERE user_id = $1 AND revoked_at IS NULL",
        user,
        now
    )
    .execute(connection)
    .await?;
    Ok(revoked.rows_affected())
}

async fn revoke(
    connection: &mut PgConnection,
    family: Uuid,
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE refresh_families SET revoked_at = $2, revoked_reason = $3 WHERE id = $1 AND revoked_at IS NULL",
        family,
        now,
        reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes tokens that are too old to be good or to betray a thief, and families that have none left.
///
/// # Errors
/// When the database fails.
pub async fn purge_expired(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let tokens = sqlx::query!("DELETE FROM refresh_tokens WHERE expires_at < $1", now)
        .execute(pool)
        .await?;
    sqlx::query!(
        "DELETE FROM refresh_families f
         WHERE created_at < $1::timestamptz - interval '1 hour' AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.family_id = f.id)",
        now
    )
    .execute(pool)
    .await?;
    Ok(tokens.rows_affected())
}
