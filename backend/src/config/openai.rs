use avaaz_agent::realtime::openai::manners::{Dialect, Manners, NoiseReduction, TurnFinder};
use avaaz_agent::realtime::openai::{DEFAULT_TRANSCRIPTION_MODEL, DEFAULT_VOICE};
use url::Url;

use super::env::Reader;

/// How OpenAI Realtime, or a server of one's own that speaks its protocol, is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAiSettings {
    /// `OPENAI_REALTIME_DIALECT`, `OPENAI_TURN_DETECTION` and `OPENAI_NOISE_REDUCTION`.
    pub manners: Manners,
    /// `OPENAI_TRANSCRIPTION_MODEL`: writes down what the learner says.
    pub transcription_model: String,
    /// `OPENAI_VOICE`: for learners who have chosen none; `None` is the server's own choice.
    pub voice: Option<String>,
    /// Whether it is OpenAI itself, whose voices are known.
    pub is_openai_itself: bool,
}

impl OpenAiSettings {
    /// `base_url` is where `OPENAI_API_KEY` is used, if it is.
    pub(super) fn read(reader: &Reader<'_>, base_url: Option<&str>) -> Self {
        let is_openai_itself = base_url.is_some_and(is_openai_itself);
        let dialect = reader.parsed("OPENAI_REALTIME_DIALECT", Dialect::Ga);
        // Only OpenAI itself is known to listen for sense.
        let turn_detection = reader.parsed(
            "OPENAI_TURN_DETECTION",
            if is_openai_itself {
                TurnFinder::Semantic
            } else {
                TurnFinder::Silence
            },
        );
        let noise_reduction = reader.parsed("OPENAI_NOISE_REDUCTION", NoiseReduction::Off);
        if dialect == Dialect::Beta {
            if is_openai_itself {
                reader.refuse(
                    "OPENAI_REALTIME_DIALECT is beta, which OpenAI itself does not speak any more; give the OPENAI_BASE_URL of the server that does.",
                );
            } else if turn_detection == TurnFinder::Semantic {
                reader.refuse(
                    "OPENAI_TURN_DETECTION is semantic_vad, but OPENAI_REALTIME_DIALECT beta knows server_vad only.",
                );
            } else if noise_reduction != NoiseReduction::Off {
                reader.refuse(
                    "OPENAI_NOISE_REDUCTION is set, but OPENAI_REALTIME_DIALECT beta has no word for it.",
                );
            }
        }
        Self {
            manners: Manners {
                dialect,
                turn_detection,
                noise_reduction,
            },
            transcription_model: reader
                .text("OPENAI_TRANSCRIPTION_MODEL")
                .unwrap_or_else(|| DEFAULT_TRANSCRIPTION_MODEL.to_owned()),
            is_openai_itself,
            // A server of one's own has voices of its own.
            voice: reader
                .text("OPENAI_VOICE")
                .or_else(|| (dialect == Dialect::Ga).then(|| DEFAULT_VOICE.to_owned())),
        }
    }
}

fn is_openai_itself(base_url: &str) -> bool {
    let host = Url::parse(base_url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| host == "api.openai.com" || host.ends_with(".openai.azure.com"))
}
