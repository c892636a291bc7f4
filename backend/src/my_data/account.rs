//! The account and its sign-ins.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::archive::{Archive, ExportError};
use super::{Domain, Kept, Kind, Owner};
use crate::app::AppState;
use crate::auth::answers::UserAnswer;
use crate::auth::store;

/// See the module.
pub(super) struct Account;

/// A sign-in: one device, until it signs out or is quiet for a month.
#[derive(Serialize)]
struct SignIn {
    id: Uuid,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    revoked_reason: Option<String>,
}

#[derive(Serialize)]
struct Exported {
    account: UserAnswer,
    sign_ins: Vec<SignIn>,
}

#[async_trait]
impl Domain for Account {
    fn tables(&self) -> &'static [&'static str] {
        &["users", "refresh_families", "refresh_tokens"]
    }

    async fn kept(&self, app: &AppState, learner: Uuid) -> sqlx::Result<Vec<Kept>> {
        let row = sqlx::query!(
            r#"SELECT u.created_at, count(f.id) AS "sign_ins!", min(f.created_at) AS oldest_sign_in
               FROM users u LEFT JOIN refresh_families f ON f.user_id = u.id WHERE u.id = $1 GROUP BY u.id"#,
            learner
        )
        .fetch_one(&app.pool)
        .await?;
        let account = Kept {
            kind: Kind::Account,
            count: 1,
            bytes: None,
            oldest_at: Some(row.created_at),
        };
        let sign_ins = Kept {
            kind: Kind::SignIns,
            count: row.sign_ins,
            bytes: None,
            oldest_at: row.oldest_sign_in,
        };
        Ok(vec![account, sign_ins])
    }

    async fn export(
        &self,
        app: &AppState,
        owner: Owner,
        archive: &mut Archive,
    ) -> Result<(), ExportError> {
        let user = store::find_user(&app.pool, owner.id).await?;
        let user = user.ok_or(sqlx::Error::RowNotFound)?;
        let sign_ins = sqlx::query_as!(
            SignIn,
            "SELECT f.id, f.created_at, max(t.used_at) AS last_used_at, f.revoked_at, f.revoked_reason
             FROM refresh_families f LEFT JOIN refresh_tokens t ON t.family_id = f.id
             WHERE f.user_id = $1 GROUP BY f.id ORDER BY f.id",
            owner.id
        )
        .fetch_all(&app.pool)
        .await?;
        let exported = Exported {
            account: user.into(),
            sign_ins,
        };
        archive.json("account.json", &exported).await?;
        archive.begin("account.txt").await?;
        archive.write(exported.text(owner)).await
    }
}

impl Exported {
    fn text(&self, owner: Owner) -> String {
        let moment = |at| owner.local(at).format("%-d %B %Y, %H:%M");
        let account = &self.account;
        let mut text = format!(
            "{}\nE-mail address: {}\nSince: {}\nTime zone: {}\nLanguage of the pages: {}\n\nSign-ins\n",
            account.display_name,
            account.email,
            moment(account.created_at),
            account.time_zone,
            account.ui_language
        );
        for sign_in in &self.sign_ins {
            text.push_str(&format!("- {}", moment(sign_in.created_at)));
            if let Some(at) = sign_in.last_used_at {
                text.push_str(&format!(", last seen {}", moment(at)));
            }
            if let Some(at) = sign_in.revoked_at {
                text.push_str(&format!(", ended {}", moment(at)));
            }
            text.push('\n');
        }
        text
    }
}
