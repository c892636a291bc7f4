//! The settings of a learner's thread with the tutor.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::archive::{Archive, ExportError};
use super::{Domain, Kept, Kind, Owner};
use crate::app::AppState;

/// See the module.
pub(super) struct Sessions;

#[derive(Serialize)]
struct Exported {
    id: Uuid,
    name: String,
    mode: String,
    target_language: String,
    native_language: String,
    level: Option<String>,
    voice: Option<String>,
    provider: Option<String>,
    patience: String,
    push_to_talk: bool,
    goal: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[async_trait]
impl Domain for Sessions {
    fn tables(&self) -> &'static [&'static str] {
        &["sessions"]
    }

    async fn kept(&self, app: &AppState, learner: Uuid) -> sqlx::Result<Vec<Kept>> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "count!", min(created_at) AS oldest_at FROM sessions WHERE user_id = $1"#,
            learner
        )
        .fetch_one(&app.pool)
        .await?;
        Ok(vec![Kept {
            kind: Kind::Sessions,
            count: row.count,
            bytes: None,
            oldest_at: row.oldest_at,
        }])
    }

    async fn export(
        &self,
        app: &AppState,
        owner: Owner,
        archive: &mut Archive,
    ) -> Result<(), ExportError> {
        let sessions = sqlx::query_as!(
            Exported,
            "SELECT id, name, mode, target_language, native_language, level, voice, provider, patience, push_to_talk, goal, created_at,
                    updated_at
             FROM sessions WHERE user_id = $1 ORDER BY id",
            owner.id
        )
        .fetch_all(&app.pool)
        .await?;
        archive.json("sessions.json", &sessions).await?;
        archive.begin("sessions.txt").await?;
        for session in &sessions {
            archive.write(session.text(owner)).await?;
        }
        Ok(())
    }
}

impl Exported {
    fn text(&self, owner: Owner) -> String {
        let by_default = |word: &Option<String>| word.clone().unwrap_or_else(|| "–".to_owned());
        format!(
            "Session “{}”, since {}\nKind of sitting: {}\nLearning: {}\nOwn language: {}\nLevel: {}\nGoal: {}\nVoice: {}\nProvider: {}\n\
             Patience: {}\nPush to talk: {}\n\n",
            self.name,
            owner.local(self.created_at).format("%-d %B %Y, %H:%M"),
            self.mode,
            self.target_language,
            self.native_language,
            by_default(&self.level),
            by_default(&self.goal),
            by_default(&self.voice),
            by_default(&self.provider),
            self.patience,
            if self.push_to_talk { "yes" } else { "no" }
        )
    }
}
