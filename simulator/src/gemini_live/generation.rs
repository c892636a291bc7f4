//! The tutor's turns: from the first word to `turnComplete`.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::choose::choose;
use super::connection::{Connection, End, Later};
use super::context::{Entry, EntryKind};
use super::setup::Model;
use super::usage;
use crate::choice::Choice;
use crate::delivery::{Delivery, Plan, Step};
use crate::ids::new_id;
use crate::language::language_asked_for;
use crate::timeline::{MomentKind, Stretch, peak};

/// Every so many turns something comes along that no client knows.
const UNKNOWN_EVERY: usize = 3;

/// A turn of the tutor, until it has been played.
pub(super) struct Generation {
    pub(super) id: String,
    pub(super) delivery: Option<AbortOnDropHandle<()>>,
    words: String,
    /// Words that come along with the next piece of audio; only in every second turn, as the service does both.
    unsent_words: Option<String>,
    samples: u64,
    /// How much of the context was there when it began.
    began_after: usize,
    first_audio_at: Option<Instant>,
    /// Calls that hold it up until they are answered.
    pub(super) waits_for_tools: bool,
}

impl Generation {
    const fn audio_ms(&self) -> u64 {
        self.samples / 24
    }

    /// How long what was sent is still playing at somebody's who plays it as it comes.
    fn playing_for(&self) -> Duration {
        let Some(began_at) = self.first_audio_at else {
            return Duration::ZERO;
        };
        Duration::from_millis(self.audio_ms()).saturating_sub(began_at.elapsed())
    }

    /// The words that somebody who plays it as it comes has heard by now.
    fn heard_words(&self) -> String {
        let audio_ms = self.audio_ms();
        if audio_ms == 0 {
            return String::new();
        }
        let heard_ms = audio_ms - self.playing_for().as_millis() as u64;
        let chars = self.words.chars().count() as u64 * heard_ms / audio_ms;
        self.words.chars().take(chars as usize).collect()
    }
}

impl Connection {
    /// Begins a turn of the tutor, about all that the context holds.
    pub(super) async fn begin_generation(&mut self) -> Result<(), End> {
        // What was held up by a call goes on.
        if let Some(held_up) = self.generation.take() {
            self.enter_words(&held_up, &held_up.words);
        }
        let setup = self.setup();
        let Choice {
            reply,
            fault,
            is_scripted,
        } = choose(&self.shared, self.number, setup, &self.context);
        let guessed = is_scripted
            .then(|| language_asked_for(&setup.instructions))
            .flatten();
        let plan = Plan {
            language: reply
                .language
                .clone()
                .unwrap_or_else(|| guessed.unwrap_or("en").to_owned()),
            reply,
            spoken: true,
            voice: setup.voice.clone(),
            speed_percent: 100,
            fault,
        };
        let gives_handles = setup.gives_handles;
        let id = new_id("generation");
        let delivery = Delivery {
            response_id: id.clone(),
            steps: self.steps.clone(),
            voice: Arc::clone(&self.shared.voice),
        };
        self.generations_begun += 1;
        self.note(MomentKind::ResponseCreated, Stretch::default());
        self.generation = Some(Generation {
            id,
            delivery: Some(AbortOnDropHandle::new(tokio::spawn(delivery.run(plan)))),
            words: String::new(),
            unsent_words: self.generations_begun.is_multiple_of(2).then(String::new),
            samples: 0,
            began_after: self.context.len(),
            first_audio_at: None,
            waits_for_tools: false,
        });
        if gives_handles {
            self.send(json!({"sessionResumptionUpdate": {}})).await?;
        }
        Ok(())
    }

    /// Tells the client about one step of a turn.
    pub(super) async fn on_step(&mut self, id: &str, step: Step) -> Result<(), End> {
        // A step of a turn that was interrupted or stalled meanwhile is nobody's.
        if !self
            .generation
            .as_ref()
            .is_some_and(|generation| generation.id == id && generation.delivery.is_some())
        {
            return Ok(());
        }
        match step {
            Step::MessageStarted | Step::MessageDone => Ok(()),
            Step::Text(words) => self.on_words(&words).await,
            Step::Audio(samples) => self.on_audio(&samples).await,
            Step::Call(call) => self.on_call(call).await,
            Step::Fault(fault) => self.on_fault(fault).await,
            Step::Finished => self.on_finished().await,
        }
    }

    async fn on_words(&mut self, words: &str) -> Result<(), End> {
        let transcribes = self.setup().transcribes_output;
        let Some(generation) = &mut self.generation else {
            return Ok(());
        };
        generation.words.push_str(words);
        if !transcribes {
            return Ok(());
        }
        if let Some(unsent) = &mut generation.unsent_words {
            unsent.push_str(words);
            return Ok(());
        }
        self.send(json!({"serverContent": {"outputTranscription": {"text": words}}}))
            .await
    }

    /// Adds the words that wait for company.
    fn add_unsent_words(&mut self, content: &mut Value) {
        let unsent = self
            .generation
            .as_mut()
            .and_then(|generation| generation.unsent_words.as_mut())
            .filter(|words| !words.is_empty());
        if let Some(words) = unsent {
            content["outputTranscription"] = json!({"text": std::mem::take(words)});
        }
    }

    async fn on_audio(&mut self, samples: &[i16]) -> Result<(), End> {
        let Some(generation) = &mut self.generation else {
            return Ok(());
        };
        let is_first = generation.samples == 0;
        generation.samples += samples.len() as u64;
        generation.first_audio_at.get_or_insert_with(Instant::now);
        let stretch = Stretch {
            audio_ms: generation.audio_ms(),
            duration_ms: samples.len() as u64 / 24,
            peak: peak(samples),
        };
        if is_first
            && self.shared.script.unknown_events.unwrap_or(true)
            && self.generations_begun % UNKNOWN_EVERY == 1
        {
            for message in unknown_messages() {
                self.send(message).await?;
            }
        }
        let bytes: Vec<u8> = samples
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        self.shared.counters.on_audio_sent(bytes.len());
        if is_first {
            self.note(MomentKind::FirstAudioSent, stretch);
        }
        self.note(MomentKind::AudioSent, stretch);
        let data = STANDARD.encode(&bytes);
        let part = json!({"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}});
        let mut content = json!({"modelTurn": {"role": "model", "parts": [part]}});
        self.add_unsent_words(&mut content);
        self.send(json!({"serverContent": content})).await
    }

    async fn on_finished(&mut self) -> Result<(), End> {
        let Some(generation) = &mut self.generation else {
            return Ok(());
        };
        generation.delivery = None;
        if generation.waits_for_tools {
            return Ok(());
        }
        let (id, playing_for) = (generation.id.clone(), generation.playing_for());
        let mut content = json!({"generationComplete": true});
        self.add_unsent_words(&mut content);
        self.send(json!({"serverContent": content})).await?;
        self.schedule(playing_for, Later::Played { generation: id });
        Ok(())
    }

    /// What was said has been played.
    pub(super) async fn on_played(&mut self, id: &str) -> Result<(), End> {
        match self.generation.take_if(|generation| generation.id == id) {
            Some(generation) => {
                let words = generation.words.clone();
                self.end_generation(generation, &words).await
            }
            None => Ok(()),
        }
    }

    /// Stops what is being said, and takes back the calls that are not answered.
    pub(super) async fn interrupt(&mut self) -> Result<(), End> {
        self.cancel_calls().await?;
        let Some(generation) = self.generation.take() else {
            return Ok(());
        };
        self.send(json!({"serverContent": {"interrupted": true}}))
            .await?;
        let heard = generation.heard_words();
        self.end_generation(generation, &heard).await
    }

    /// Keeps these words of a turn, before what came back meanwhile from functions that it called.
    fn enter_words(&mut self, generation: &Generation, kept: &str) {
        if kept.is_empty() {
            return;
        }
        let behind_the_rest = self
            .context
            .iter()
            .rposition(|entry| !matches!(entry.kind, EntryKind::Output { .. }))
            .map_or(0, |last| last + 1);
        let place = behind_the_rest.max(generation.began_after);
        self.context
            .insert(place.min(self.context.len()), Entry::tutors(kept));
    }

    /// Tells that a turn is over, and keeps these words of it.
    async fn end_generation(&mut self, generation: Generation, kept: &str) -> Result<(), End> {
        let audio_ms = generation.audio_ms();
        let setup = self.setup();
        let usage = usage::metadata(
            &setup.instructions,
            usage::window(&self.context, setup.compresses_at),
            &generation.words,
            audio_ms,
        );
        self.enter_words(&generation, kept);
        self.note(MomentKind::ResponseDone, Stretch::default());
        let mut content = json!({"turnComplete": true});
        if self.setup().model == Model::Live38Thinking {
            let status = if self.is_waiting_for_tools() {
                "IN_PROGRESS"
            } else {
                "IDLE"
            };
            content["interactionStatus"] = status.into();
        }
        self.send(json!({"serverContent": content, "usageMetadata": usage}))
            .await?;
        self.give_handle().await?;
        self.go_on_with_responses().await
    }

    async fn give_handle(&mut self) -> Result<(), End> {
        let setup = self.setup();
        let (Some(session), true) = (
            &self.session,
            setup.gives_handles && !self.is_waiting_for_tools(),
        ) else {
            return Ok(());
        };
        let handle = self
            .shared
            .gemini_sessions
            .save(session, &setup.model_name, &self.context);
        self.send(json!({"sessionResumptionUpdate": {"newHandle": handle, "resumable": true}}))
            .await
    }
}

/// Things that a client has to overlook: a key, a field and a word that do not exist yet, and the model's thoughts.
/// The official SDK takes a message with nothing but unknown keys for an error, so there is one that it knows.
pub(super) fn unknown_messages() -> [Value; 2] {
    [
        json!({
            "somethingNew": {"note": "What a client does not know is to be ignored."},
            "serverContent": {"interactionStatus": "SOMETHING_NEW", "somethingNew": true},
        }),
        json!({"serverContent": {"modelTurn": {"parts": [{"text": "**Thinking about it**", "thought": true}]}}}),
    ]
}
