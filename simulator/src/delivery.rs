//! Carries one response out in time: waits, speaks, and hands over piece by piece.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::script::{Reply, ReplyFault, ToolCall};
use crate::voice::{Utterance, VOICE_RATE_HZ, Voice};

const FIRST_AUDIO_AFTER_MS: u64 = 150;
const DELIVERY_SPEED: f64 = 4.0;
const SAMPLES_PER_MS: usize = VOICE_RATE_HZ as usize / 1_000;
/// Pieces of audio are between these lengths, as uneven as the real server's.
const PIECE_MS: std::ops::RangeInclusive<usize> = 60..=450;
const TEXT_PIECE_PAUSE: Duration = Duration::from_millis(15);

/// What a response consists of.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) reply: Reply,
    pub(crate) spoken: bool,
    pub(crate) language: String,
    pub(crate) voice: String,
    pub(crate) speed_percent: u32,
    pub(crate) fault: Option<ReplyFault>,
}

/// A piece of a response.
#[derive(Debug)]
pub(crate) enum Step {
    MessageStarted,
    Text(String),
    Audio(Vec<i16>),
    MessageDone,
    Call(ToolCall),
    Fault(ReplyFault),
    Finished,
}

/// Tells the connection about the steps of one response.
pub(crate) struct Delivery {
    pub(crate) response_id: String,
    pub(crate) steps: mpsc::Sender<(String, Step)>,
    pub(crate) voice: Arc<Voice>,
}

/// The connection is gone.
struct Gone;

impl Delivery {
    /// Runs the plan to its end, or until the connection is gone.
    pub(crate) async fn run(self, plan: Plan) {
        // Nobody is left to be told about a connection that went away.
        let _ = self.try_run(plan).await;
    }

    async fn try_run(&self, mut plan: Plan) -> Result<(), Gone> {
        let first_audio_at = Instant::now()
            + Duration::from_millis(
                plan.reply
                    .first_audio_after_ms
                    .unwrap_or(FIRST_AUDIO_AFTER_MS),
            );
        let texts = [
            Some(std::mem::take(&mut plan.reply.text)),
            plan.reply.second_text.take(),
        ];
        for text in texts
            .into_iter()
            .flatten()
            .filter(|text| !text.trim().is_empty())
        {
            if plan.spoken {
                self.speak(text, &mut plan, first_audio_at).await?;
            } else {
                self.write(text, first_audio_at).await?;
            }
        }
        tokio::time::sleep_until(first_audio_at).await;
        if let Some(fault) = plan.fault.take() {
            self.step(Step::Fault(fault)).await?;
        }
        if let Some(call) = plan.reply.call.take() {
            self.step(Step::Call(call)).await?;
        }
        self.step(Step::Finished).await
    }

    async fn speak(
        &self,
        text: String,
        plan: &mut Plan,
        first_audio_at: Instant,
    ) -> Result<(), Gone> {
        let utterance = Utterance {
            text: text.clone(),
            language: plan.language.clone(),
            voice: plan.voice.clone(),
            speed_percent: plan.speed_percent,
            beeps: plan.reply.beeps,
        };
        let voice = self.voice.speak(utterance).await;
        let mut audio = vec![0; plan.reply.leading_silence_ms as usize * SAMPLES_PER_MS];
        audio.extend_from_slice(&voice);
        self.step(Step::MessageStarted).await?;
        tokio::time::sleep_until(first_audio_at).await;

        if let Some(fault) = plan.fault.take_if(|fault| fault.after_audio_ms == 0) {
            self.step(Step::Fault(fault)).await?;
        }
        let words = pieces_of(&text);
        let mut words_told = 0;
        let mut sent = 0;
        while sent < audio.len() {
            // The words run a little ahead of their sound.
            let piece = self.next_piece(sent, audio.len(), plan);
            let words_due = (words.len() * (sent + piece))
                .div_ceil(audio.len())
                .min(words.len());
            for word in &words[words_told..words_due] {
                self.step(Step::Text(word.clone())).await?;
            }
            words_told = words_due;
            self.step(Step::Audio(audio[sent..sent + piece].to_vec()))
                .await?;
            sent += piece;
            if let Some(fault) = plan
                .fault
                .take_if(|fault| sent >= samples(fault.after_audio_ms))
            {
                self.step(Step::Fault(fault)).await?;
            }
            let speed = plan
                .reply
                .delivery_speed
                .filter(|speed| *speed > 0.0)
                .unwrap_or(DELIVERY_SPEED);
            tokio::time::sleep(Duration::from_secs_f64(
                piece as f64 / f64::from(VOICE_RATE_HZ) / speed,
            ))
            .await;
        }
        self.step(Step::MessageDone).await
    }

    /// Returns the length of the next piece: uneven, but ending where a fault is due.
    fn next_piece(&self, sent: usize, length: usize, plan: &Plan) -> usize {
        let piece = rand::rng().random_range(PIECE_MS) * SAMPLES_PER_MS;
        let until_fault = plan.fault.as_ref().map_or(usize::MAX, |fault| {
            samples(fault.after_audio_ms).saturating_sub(sent)
        });
        piece
            .min(until_fault.max(SAMPLES_PER_MS))
            .min(length - sent)
    }

    async fn write(&self, text: String, first_at: Instant) -> Result<(), Gone> {
        self.step(Step::MessageStarted).await?;
        tokio::time::sleep_until(first_at).await;
        for piece in pieces_of(&text) {
            self.step(Step::Text(piece)).await?;
            tokio::time::sleep(TEXT_PIECE_PAUSE).await;
        }
        self.step(Step::MessageDone).await
    }

    async fn step(&self, step: Step) -> Result<(), Gone> {
        self.steps
            .send((self.response_id.clone(), step))
            .await
            .map_err(|_| Gone)
    }
}

fn samples(duration_ms: u64) -> usize {
    usize::try_from(duration_ms)
        .unwrap_or(usize::MAX)
        .saturating_mul(SAMPLES_PER_MS)
}

/// Cuts a text into words, each with the space before it; together they are the text.
pub(crate) fn pieces_of(text: &str) -> Vec<String> {
    text.split_inclusive(' ')
        .fold(Vec::new(), |mut pieces: Vec<String>, part| {
            let word = part.trim_end_matches(' ');
            let space = &part[word.len()..];
            match pieces.last_mut() {
                Some(last) => last.push_str(word),
                None => pieces.push(word.to_owned()),
            }
            if !space.is_empty() {
                pieces.push(space.to_owned());
            }
            pieces
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_a_text_are_its_words_and_make_it_up_again() {
        let text = "¿Qué tal,  señora?";
        let pieces = pieces_of(text);
        assert_eq!(pieces, ["¿Qué", " tal,", " ", " señora?"]);
        assert_eq!(pieces.concat(), text);
    }
}
