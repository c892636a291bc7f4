//! A session as we ask for it.

use avaaz_tutor::{Patience, SessionSetup, TurnDetection};

use super::beta;
use super::manners::{Dialect, Manners, NoiseReduction, TurnFinder};
use super::translate::RATE_HZ;
use super::wire::{
    Audio, AudioInput, AudioOutput, Format, NewContent, Noise, Session, SessionShape, TokenLimits,
    Tool, Transcription, Truncation, VoiceActivity,
};

/// Past so many tokens behind the instructions the oldest of the conversation is forgotten: about seven minutes of talk, so that
/// an answer late in a long conversation costs no more than one early in it.
const CONTEXT_TOKENS: u32 = 6_000;
/// So much is kept then; forgetting a fifth at a time leaves the rest cached for many turns.
const RETAINED: f32 = 0.8;

/// What of a server's settings and of ours a session depends on.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub(super) manners: Manners,
    pub(super) transcription_model: String,
    pub(super) default_voice: Option<String>,
}

impl Terms {
    /// The whole session, as it begins.
    pub(super) fn whole(&self, setup: &SessionSetup) -> SessionShape {
        let format = || {
            Some(Format {
                kind: "audio/pcm",
                rate: RATE_HZ,
            })
        };
        self.in_its_dialect(Session {
            kind: "realtime",
            instructions: Some(setup.instructions.clone()),
            output_modalities: Some(["audio"]),
            audio: Some(Audio {
                input: Some(AudioInput {
                    format: format(),
                    transcription: Some(self.transcription(setup)),
                    noise_reduction: match self.manners.noise_reduction {
                        NoiseReduction::Off => None,
                        NoiseReduction::NearField => Some(Noise { kind: "near_field" }),
                        NoiseReduction::FarField => Some(Noise { kind: "far_field" }),
                    },
                    turn_detection: Some(self.turn_detection(setup)),
                }),
                output: Some(AudioOutput {
                    format: format(),
                    voice: setup.voice.clone().or_else(|| self.default_voice.clone()),
                    speed: speed(setup),
                }),
            }),
            tools: Some(tools(setup)),
            tool_choice: Some("auto"),
            truncation: Some(Truncation {
                kind: "retention_ratio",
                retention_ratio: RETAINED,
                token_limits: TokenLimits {
                    post_instructions: CONTEXT_TOKENS,
                },
            }),
        })
    }

    /// What of a living session changes; `None` when nothing does. Voice and formats cannot.
    pub(super) fn changed(
        &self,
        before: &SessionSetup,
        after: &SessionSetup,
    ) -> Option<SessionShape> {
        let input = AudioInput {
            transcription: changed(before, after, |setup| self.transcription(setup)),
            turn_detection: changed(before, after, |setup| self.turn_detection(setup)),
            ..AudioInput::default()
        };
        let audio = Audio {
            input: Some(input).filter(|input| *input != AudioInput::default()),
            output: changed(before, after, |setup| AudioOutput {
                speed: speed(setup),
                ..AudioOutput::default()
            }),
        };
        let session = Session {
            instructions: changed(before, after, |setup| setup.instructions.clone()),
            audio: Some(audio).filter(|audio| *audio != Audio::default()),
            tools: changed(before, after, tools),
            ..Session::default()
        };
        (session != Session::default()).then(|| {
            self.in_its_dialect(Session {
                kind: "realtime",
                ..session
            })
        })
    }

    /// Returns words of the tutor as the content of an item.
    pub(super) fn tutors_words(&self, text: String) -> NewContent {
        match self.manners.dialect {
            Dialect::Ga => NewContent::OutputText { text },
            Dialect::Beta => NewContent::Text { text },
        }
    }

    fn in_its_dialect(&self, session: Session) -> SessionShape {
        match self.manners.dialect {
            Dialect::Ga => SessionShape::Ga(session),
            Dialect::Beta => SessionShape::Beta(beta::session(session)),
        }
    }

    fn transcription(&self, setup: &SessionSetup) -> Transcription {
        let model = &self.transcription_model;
        let mut languages: Vec<String> = Vec::new();
        for tag in &setup.languages {
            // The service knows the two letters of ISO 639-1.
            let primary = tag
                .split('-')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            if primary.len() == 2 && !languages.contains(&primary) {
                languages.push(primary);
            }
        }
        // A model that takes one language only would mishear a learner who falls back to their own.
        let takes_several = ["gpt-transcribe", "gpt-live-transcribe"]
            .iter()
            .any(|known| model.starts_with(known));
        let (language, languages) = match languages.as_slice() {
            [] => (None, None),
            [one] => (Some(one.clone()), None),
            _ => (None, takes_several.then_some(languages)),
        };
        Transcription {
            model: model.clone(),
            language,
            languages,
        }
    }

    fn turn_detection(&self, setup: &SessionSetup) -> Option<VoiceActivity> {
        let TurnDetection::Listening { patience, acts } = setup.turn_detection else {
            return None;
        };
        // The older dialect knows silence only.
        let by_sense = self.manners.turn_detection == TurnFinder::Semantic
            && self.manners.dialect == Dialect::Ga;
        Some(if by_sense {
            VoiceActivity::Sense {
                eagerness: match patience {
                    Patience::Patient => "low",
                    Patience::Normal => "medium",
                    Patience::Quick => "high",
                },
                create_response: acts,
                interrupt_response: acts,
            }
        } else {
            VoiceActivity::Silence {
                threshold: 0.5,
                prefix_padding_ms: 300,
                silence_duration_ms: match patience {
                    // A learner who looks for a word for three seconds is not cut off; the detection finds the pause a little longer.
                    Patience::Patient => 3_400,
                    Patience::Normal => 600,
                    Patience::Quick => 300,
                },
                create_response: acts,
                interrupt_response: acts,
            }
        })
    }
}

fn speed(setup: &SessionSetup) -> f32 {
    setup.speed.clamp(0.25, 1.5)
}

fn tools(setup: &SessionSetup) -> Vec<Tool> {
    let offered = setup.tools.iter();
    offered
        .map(|tool| {
            Tool::function(
                tool.name.clone(),
                tool.description.clone(),
                &tool.parameters,
            )
        })
        .collect()
}

/// Returns a part of the later setup if it differs from that of the earlier one.
fn changed<T: PartialEq>(
    before: &SessionSetup,
    after: &SessionSetup,
    part: impl Fn(&SessionSetup) -> T,
) -> Option<T> {
    let after = part(after);
    (part(before) != after).then_some(after)
}
