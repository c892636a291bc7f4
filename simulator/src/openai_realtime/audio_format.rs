//! The three formats of audio on the wire.

use serde_json::Value;

/// A format of audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AudioFormat {
    /// 16 bit little endian at 24 kHz.
    Pcm,
    /// G.711 μ-law at 8 kHz.
    MuLaw,
    /// G.711 A-law at 8 kHz.
    ALaw,
}

impl AudioFormat {
    /// Reads a format that was checked before.
    pub(super) fn of(format: &Value) -> Self {
        match format["type"].as_str() {
            Some("audio/pcmu") => Self::MuLaw,
            Some("audio/pcma") => Self::ALaw,
            _ => Self::Pcm,
        }
    }

    /// Bytes of one millisecond.
    pub(super) const fn bytes_per_ms(self) -> u64 {
        match self {
            Self::Pcm => 48,
            Self::MuLaw | Self::ALaw => 8,
        }
    }

    /// Returns the samples at 24 kHz, or `None` where the bytes are no whole samples.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Vec<i16>> {
        match self {
            Self::Pcm => {
                let (pairs, rest) = bytes.as_chunks::<2>();
                rest.is_empty()
                    .then(|| pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect())
            }
            Self::MuLaw => Some(triple(bytes, mu_law_decode)),
            Self::ALaw => Some(triple(bytes, a_law_decode)),
        }
    }

    /// Writes samples at 24 kHz.
    pub(super) fn encode(self, samples: &[i16]) -> Vec<u8> {
        match self {
            Self::Pcm => samples
                .iter()
                .flat_map(|sample| sample.to_le_bytes())
                .collect(),
            Self::MuLaw => third(samples, mu_law_encode),
            Self::ALaw => third(samples, a_law_encode),
        }
    }
}

fn triple(bytes: &[u8], decode: fn(u8) -> i16) -> Vec<i16> {
    bytes.iter().flat_map(|byte| [decode(*byte); 3]).collect()
}

fn third(samples: &[i16], encode: fn(i16) -> u8) -> Vec<u8> {
    let mean = |three: &[i16]| {
        three.iter().map(|sample| i32::from(*sample)).sum::<i32>() / three.len() as i32
    };
    samples
        .chunks(3)
        .map(|three| encode(mean(three) as i16))
        .collect()
}

fn mu_law_encode(sample: i16) -> u8 {
    const BIAS: i32 = 0x84;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(32_635) + BIAS;
    let exponent = 24 - magnitude.leading_zeros();
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent << 4) as u8 | mantissa as u8)
}

fn mu_law_decode(byte: u8) -> i16 {
    let byte = !byte;
    let exponent = (byte >> 4) & 0x07;
    let magnitude = (((i32::from(byte & 0x0f) << 3) + 0x84) << exponent) - 0x84;
    (if byte & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    }) as i16
}

fn a_law_encode(sample: i16) -> u8 {
    let (sign, magnitude) = if sample >= 0 {
        (0x80, i32::from(sample))
    } else {
        (0, -(i32::from(sample) + 1))
    };
    let magnitude = magnitude >> 4;
    let code = if magnitude < 16 {
        magnitude
    } else {
        let exponent = 28 - magnitude.leading_zeros() as i32;
        (exponent << 4) | ((magnitude >> (exponent - 1)) & 0x0f)
    };
    (sign | code as u8) ^ 0x55
}

fn a_law_decode(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let exponent = (byte >> 4) & 0x07;
    let mantissa = i32::from(byte & 0x0f);
    let magnitude = match exponent {
        0 => (mantissa << 4) + 8,
        exponent => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    (if byte & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_formats_keep_a_sample_within_their_coarseness() {
        for format in [AudioFormat::MuLaw, AudioFormat::ALaw] {
            for sample in (-32_000..32_000).step_by(37) {
                let bytes = format.encode(&[sample; 3]);
                let back = format.decode(&bytes).unwrap()[0];
                let allowed = i32::from(sample).abs() / 16 + 16;
                let error = (i32::from(back) - i32::from(sample)).abs();
                assert!(error <= allowed, "{format:?}: {sample} became {back}");
            }
        }
    }

    #[test]
    fn half_a_sample_is_no_audio() {
        assert_eq!(AudioFormat::Pcm.decode(&[1, 2, 3]), None);
    }
}
