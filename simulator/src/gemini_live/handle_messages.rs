//! What each message of a client does.

use serde_json::{Value, json};

use super::client_messages;
use super::connection::{Connection, End, kind_of};
use super::context::Entry;
use super::refusal::Refusal;
use super::setup::{Model, Setup};

impl Connection {
    /// Handles one message.
    pub(super) async fn handle_message(&mut self, message: &Value) -> Result<(), End> {
        let (key, content) = client_messages::read(message).inspect_err(|_| {
            self.shared.counters.on_received("(refused)");
        })?;
        self.shared
            .counters
            .on_received(&kind_of(&json!({key.as_str(): content})));
        match (key.as_str(), self.setup.is_some()) {
            ("setup", false) => self.handle_setup(&content).await,
            ("setup", true) | (_, false) => Err(Refusal::invalid_argument().into()),
            ("clientContent", true) => self.handle_client_content(&content).await,
            ("realtimeInput", true) => self.handle_realtime_input(&content).await,
            ("toolResponse", true) => self.handle_tool_response(&content).await,
            (_, true) => {
                let setup = self.setup.as_mut().ok_or_else(Refusal::internal)?;
                Ok(setup.update(&content)?)
            }
        }
    }

    async fn handle_setup(&mut self, content: &Value) -> Result<(), End> {
        let setup = Setup::read(content, &self.version)?;
        let sessions = &self.shared.gemini_sessions;
        if let Some(handle) = &setup.resumes {
            self.refuse_resumption()?;
            let saved = sessions.resume(handle, &setup.model_name)?;
            self.session = Some(saved.session);
            self.context = saved.context;
        } else {
            self.session = Some(sessions.begin());
        }
        self.setup = Some(setup);
        self.slow_setup().await;
        self.send(json!({"setupComplete": {}})).await
    }

    async fn handle_client_content(&mut self, content: &Value) -> Result<(), End> {
        let turns = content["turns"].as_array().map_or(&[][..], Vec::as_slice);
        let entries: Option<Vec<_>> = turns.iter().map(Entry::from_client).collect();
        let Some(entries) = entries else {
            let refusal = Refusal::new(1007, "Please use a valid role: user, model.");
            return Err(refusal.into());
        };
        let setup = self.setup.as_mut().ok_or_else(Refusal::internal)?;
        if std::mem::take(&mut setup.begins_with_history) {
            self.context.extend(entries);
            return Ok(());
        }
        // The older model takes content for the history at the beginning only.
        if setup.model == Model::Flash31 {
            return Err(Refusal::invalid_argument().into());
        }
        self.interrupt().await?;
        self.context.extend(entries);
        if content["turnComplete"] == true {
            self.begin_generation().await?;
        }
        Ok(())
    }

    async fn handle_realtime_input(&mut self, content: &Value) -> Result<(), End> {
        let mut keys = content.as_object().into_iter().flatten();
        let (Some((key, value)), None) = (keys.next(), keys.next()) else {
            return Err(Refusal::invalid_argument().into());
        };
        match key.as_str() {
            "audio" => self.handle_audio(value).await,
            "text" => {
                let words = value.as_str().unwrap_or_default();
                self.interrupt().await?;
                self.context.push(Entry::typed(words));
                if self.hearing.is_in_activity() {
                    return Ok(());
                }
                self.begin_generation().await
            }
            "activityStart" => self.handle_activity_start().await,
            "activityEnd" => self.handle_activity_end().await,
            "audioStreamEnd" => self.handle_stream_end().await,
            "mediaChunks" => Err(Refusal::media_chunks().into()),
            // Nobody looks at the video.
            _ => Ok(()),
        }
    }

    /// The settings. Nothing but `setup` is handled before they are there.
    pub(super) fn setup(&self) -> &Setup {
        self.setup
            .as_ref()
            .expect("no message but setup is let through before it")
    }
}
