//! The learner's turns: speech begins, ends, becomes an item, and its words come.

use std::time::Duration;

use serde_json::{Value, json};

use super::connection::{Connection, End, Later};
use super::conversation::Item;
use super::response::Ending;
use crate::delivery::pieces_of;
use crate::ids::new_id;
use crate::script::{Words, not_understood};
use crate::timeline::{MomentKind, Stretch};
use crate::tokens::text_tokens;

const TRANSCRIPT_DELAY_MS: u64 = 300;
const TRANSCRIPT_PIECE_MS: u64 = 20;

impl Connection {
    pub(super) async fn on_speech_started(&mut self, audio_start_ms: u64) -> Result<(), End> {
        let item_id = new_id("item");
        self.note(
            MomentKind::SpeechStarted,
            Stretch {
                audio_ms: audio_start_ms,
                ..Stretch::default()
            },
        );
        let started = json!({
            "type": "input_audio_buffer.speech_started",
            "audio_start_ms": audio_start_ms,
            "item_id": item_id,
        });
        self.speech_item = Some(item_id);
        self.send(started).await?;
        let interrupts = self
            .session
            .turn_detection()
            .is_some_and(|detection| detection.interrupt_response);
        match self.conversation_response() {
            Some(position) if interrupts => {
                self.end_response(
                    position,
                    Ending::Cancelled {
                        reason: "turn_detected",
                    },
                )
                .await
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn on_speech_stopped(
        &mut self,
        audio_end_ms: u64,
        spoken_ms: u64,
    ) -> Result<(), End> {
        self.note(
            MomentKind::SpeechStopped,
            Stretch {
                audio_ms: audio_end_ms,
                ..Stretch::default()
            },
        );
        let item_id = self
            .speech_item
            .get_or_insert_with(|| new_id("item"))
            .clone();
        self.send(json!({
            "type": "input_audio_buffer.speech_stopped",
            "audio_end_ms": audio_end_ms,
            "item_id": item_id,
        }))
        .await?;
        let committed = self.input.take();
        self.commit_speech(committed.audio_ms, spoken_ms).await?;
        self.answer_turn().await
    }

    pub(super) async fn on_idle(
        &mut self,
        audio_start_ms: u64,
        audio_end_ms: u64,
    ) -> Result<(), End> {
        let item_id = new_id("item");
        self.send(json!({
            "type": "input_audio_buffer.timeout_triggered",
            "audio_start_ms": audio_start_ms,
            "audio_end_ms": audio_end_ms,
            "item_id": item_id,
        }))
        .await?;
        let committed = self.input.take();
        self.commit(Item::silence(&item_id, committed.audio_ms))
            .await?;
        self.answer_turn().await
    }

    /// Turns what was said into an item and lets its words follow.
    pub(super) async fn commit_speech(&mut self, audio_ms: u64, spoken_ms: u64) -> Result<(), End> {
        let item_id = self.speech_item.take().unwrap_or_else(|| new_id("item"));
        let next = self.next_words();
        let shared = std::sync::Arc::clone(&self.shared);
        let (_, learner) = shared.script.learner(self.session.instructions());
        let words = learner.learner_says.get(next).and_then(Option::as_ref);
        let text = words.map(|words| words.text().to_owned());
        self.commit(Item::spoken(&item_id, audio_ms, text, Some(next)))
            .await?;

        let honest = not_understood(spoken_ms);
        let (transcript, own_delay_ms, fails) = match words {
            Some(Words::Plain(text)) => (text.clone(), None, false),
            Some(Words::Detailed(words)) => (words.text.clone(), words.delay_ms, words.fails),
            None => (honest, None, false),
        };
        let delay_ms = own_delay_ms
            .or(learner.transcript_delay_ms)
            .unwrap_or(TRANSCRIPT_DELAY_MS);
        let Some(model) = self.session.transcription_model().map(str::to_owned) else {
            return Ok(());
        };
        if fails {
            self.schedule(
                Duration::from_millis(delay_ms),
                Later::Send(transcription_failed(&item_id)),
            );
            return Ok(());
        }
        self.schedule_transcript(
            &item_id,
            &transcript,
            delay_ms,
            usage(&model, audio_ms, &transcript),
        );
        Ok(())
    }

    async fn commit(&mut self, item: Item) -> Result<(), End> {
        let value = item.value.clone();
        let previous = self.conversation.append(item);
        self.send(json!({
            "type": "input_audio_buffer.committed",
            "previous_item_id": previous,
            "item_id": value["id"],
        }))
        .await?;
        self.send_item("added", &value, previous.as_deref()).await?;
        self.send_item("done", &value, previous.as_deref()).await
    }

    async fn answer_turn(&mut self) -> Result<(), End> {
        if !self
            .session
            .turn_detection()
            .is_some_and(|detection| detection.create_response)
        {
            return Ok(());
        }
        match self.start_response(&Value::Null).await? {
            Ok(()) => Ok(()),
            Err(error) => self.send(error.event(None)).await,
        }
    }

    /// Which entry of the script's `learner_says` comes next: the one behind the last that the context holds, be it from
    /// this connection or, as text, from one before it.
    fn next_words(&self) -> usize {
        let (_, learner) = self.shared.script.learner(self.session.instructions());
        let turns = self
            .conversation
            .items()
            .iter()
            .filter(|item| item.is_learners());
        learner.next_words(turns.map(|item| (item.said, item.words.as_deref().unwrap_or_default())))
    }

    fn schedule_transcript(
        &mut self,
        item_id: &str,
        transcript: &str,
        delay_ms: u64,
        usage: Value,
    ) {
        let pieces = pieces_of(transcript);
        let mut after_ms = delay_ms;
        for piece in pieces {
            let delta = json!({
                "type": "conversation.item.input_audio_transcription.delta",
                "item_id": item_id,
                "content_index": 0,
                "delta": piece,
                "obfuscation": new_id("pad").split_off(10),
            });
            self.schedule(Duration::from_millis(after_ms), Later::Send(delta));
            after_ms += TRANSCRIPT_PIECE_MS;
        }
        let event = json!({
            "type": "conversation.item.input_audio_transcription.completed",
            "item_id": item_id,
            "content_index": 0,
            "transcript": transcript,
            "usage": usage,
        });
        let done = Later::Transcribed {
            item_id: item_id.to_owned(),
            transcript: transcript.to_owned(),
            event,
        };
        self.schedule(Duration::from_millis(after_ms), done);
    }
}

fn transcription_failed(item_id: &str) -> Value {
    json!({
        "type": "conversation.item.input_audio_transcription.failed",
        "item_id": item_id,
        "content_index": 0,
        "error": {
            "type": "server_error",
            "code": "audio_unintelligible",
            "message": "The audio could not be transcribed.",
            "param": null,
        },
    })
}

/// Whisper is billed by time, the others by tokens.
fn usage(model: &str, audio_ms: u64, transcript: &str) -> Value {
    if model.contains("whisper") {
        return json!({"type": "duration", "seconds": audio_ms.div_ceil(1_000)});
    }
    let (audio_tokens, output_tokens) = (audio_ms / 100, text_tokens(transcript));
    json!({
        "type": "tokens",
        "total_tokens": audio_tokens + output_tokens,
        "input_tokens": audio_tokens,
        "input_token_details": {"text_tokens": 0, "audio_tokens": audio_tokens},
        "output_tokens": output_tokens,
    })
}
