//! Voices as the API shows them.

use serde::Serialize;
use utoipa::ToSchema;

/// The voices of the provider that serves the learner's next conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoicesAnswer {
    /// Which provider.
    pub provider: String,
    /// Its voices as far as they are known; of a server of one's own it may be none.
    pub items: Vec<VoiceAnswer>,
}

/// One voice.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VoiceAnswer {
    /// The provider's own name, as the session's `voice` takes it.
    pub id: String,
    /// The same for people.
    pub name: String,
    /// Whether it speaks when no voice is chosen.
    pub is_default: bool,
}

/// One sentence as WAV: mono, 16 bits.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only describes the answer")]
pub struct SampleFile(Vec<u8>);

impl VoiceAnswer {
    pub(super) fn new(id: String, is_default: bool) -> Self {
        let mut letters = id.chars();
        let name = letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect()
        });
        Self {
            name,
            id,
            is_default,
        }
    }
}
