//! Phrases whose sound is kept, for when no provider can say them.

use std::sync::{Arc, LazyLock};

use avaaz_tutor::{Pcm, ReplyId, StoredPhrase};

/// The rate of what is kept, in Hz.
const RATE_HZ: u32 = 24_000;
/// Mono 16-bit samples, little-endian: the words of the written notice, spoken by espeak-ng
/// (`-v en-gb+f3 -s 150 -p 45`), brought to [`RATE_HZ`] and trimmed.
const NO_VOICE: &[u8] = include_bytes!("../../assets/no_voice_24khz_s16le.pcm");

static NO_VOICE_SAMPLES: LazyLock<Arc<[i16]>> = LazyLock::new(|| samples(NO_VOICE));

fn samples(bytes: &[u8]) -> Arc<[i16]> {
    bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| i16::from_le_bytes(*pair))
        .collect()
}

/// Returns the sound of a phrase, and under which name it is played: one that no provider gives to a reply.
pub(crate) fn phrase(phrase: StoredPhrase) -> (ReplyId, Pcm) {
    let (name, kept) = match phrase {
        StoredPhrase::NoVoice => ("stored phrase: no voice", &NO_VOICE_SAMPLES),
    };
    let pcm = Pcm {
        samples: Arc::clone(kept),
        rate_hz: RATE_HZ,
    };
    (ReplyId(name.into()), pcm)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_notice_is_a_sentence_that_can_be_heard() {
        let (_, pcm) = phrase(StoredPhrase::NoVoice);
        let length = pcm.duration();
        assert!(
            length > Duration::from_secs(3) && length < Duration::from_secs(7),
            "{length:?}"
        );
        let loudest = pcm.samples.iter().map(|sample| sample.unsigned_abs()).max();
        assert!(
            loudest.is_some_and(|loudest| loudest > 8_000),
            "{loudest:?}"
        );
    }
}
