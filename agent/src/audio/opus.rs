//! Opus, at the rates of the providers: no resampler is needed.

use ::opus::{Application, Bitrate, Channels, Signal};
use bytes::Bytes;

use super::format::{FRAME, RTP_CLOCK_HZ, samples_in};

/// Opus refused.
#[derive(Debug, thiserror::Error)]
#[error("opus: {0}")]
pub struct OpusError(#[from] ::opus::Error);

/// The longest packet Opus knows lasts 120 ms.
const LONGEST_TICKS: usize = 5760;
/// More than any packet of ours.
const PACKET_BYTES: usize = 1275;
/// Speech in super-wideband, with what FEC needs.
const BITRATE: i32 = 32_000;
/// Of 10. A step more costs CPU that nobody hears at this bit rate.
const COMPLEXITY: i32 = 5;
/// What FEC is prepared for.
const EXPECTED_LOSS_PERCENT: i32 = 5;

/// Encodes our voice, 20 ms at a time.
pub struct Encoder {
    inner: ::opus::Encoder,
    rate_hz: u32,
    packet: Box<[u8; PACKET_BYTES]>,
}

impl Encoder {
    /// Makes an encoder that takes samples at this rate: 8, 12, 16, 24 or 48 kHz.
    ///
    /// # Errors
    /// When Opus does not know the rate.
    pub fn new(rate_hz: u32) -> Result<Self, OpusError> {
        let mut inner = ::opus::Encoder::new(rate_hz, Channels::Mono, Application::Voip)?;
        inner.set_bitrate(Bitrate::Bits(BITRATE))?;
        inner.set_complexity(COMPLEXITY)?;
        inner.set_signal(Signal::Voice)?;
        inner.set_inband_fec(true)?;
        inner.set_packet_loss_perc(EXPECTED_LOSS_PERCENT)?;
        Ok(Self {
            inner,
            rate_hz,
            packet: Box::new([0; PACKET_BYTES]),
        })
    }

    /// Returns the rate it takes.
    #[must_use]
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Encodes one frame of exactly 20 ms.
    ///
    /// # Errors
    /// When the frame has another length.
    pub fn encode(&mut self, samples: &[i16]) -> Result<Bytes, OpusError> {
        debug_assert_eq!(samples.len(), samples_in(FRAME, self.rate_hz));
        let length = self.inner.encode(samples, self.packet.as_mut_slice())?;
        Ok(Bytes::copy_from_slice(&self.packet[..length]))
    }
}

/// Decodes the learner's voice at the rate that the provider wants.
pub struct Decoder {
    inner: ::opus::Decoder,
    rate_hz: u32,
    samples: Vec<i16>,
}

impl Decoder {
    /// Makes a decoder that gives samples at this rate: 8, 12, 16, 24 or 48 kHz.
    ///
    /// # Errors
    /// When Opus does not know the rate.
    pub fn new(rate_hz: u32) -> Result<Self, OpusError> {
        let longest = LONGEST_TICKS * rate_hz as usize / RTP_CLOCK_HZ as usize;
        Ok(Self {
            inner: ::opus::Decoder::new(rate_hz, Channels::Mono)?,
            rate_hz,
            samples: vec![0; longest],
        })
    }

    /// Returns the rate it gives.
    #[must_use]
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Decodes a packet.
    ///
    /// # Errors
    /// When it is no Opus packet.
    pub fn decode(&mut self, packet: &[u8]) -> Result<&[i16], OpusError> {
        // An empty packet would be taken for a lost one.
        if packet.is_empty() {
            return Ok(&[]);
        }
        let count = self.inner.decode(packet, &mut self.samples, false)?;
        Ok(&self.samples[..count])
    }

    /// Invents a stretch that was lost, from what was heard before.
    ///
    /// # Errors
    /// When the length is not a multiple of 2.5 ms, or longer than 120 ms.
    pub fn conceal(&mut self, samples: usize) -> Result<&[i16], OpusError> {
        let samples = samples.min(self.samples.len());
        let count = self
            .inner
            .decode(&[], &mut self.samples[..samples], false)?;
        Ok(&self.samples[..count])
    }

    /// Recovers the lost frame before `next` from what `next` repeats of it; invents it where it repeats nothing.
    ///
    /// # Errors
    /// As [`Self::conceal`].
    pub fn recover(&mut self, next: &[u8], samples: usize) -> Result<&[i16], OpusError> {
        let samples = samples.min(self.samples.len());
        let count = self
            .inner
            .decode(next, &mut self.samples[..samples], true)?;
        Ok(&self.samples[..count])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_survives_the_way_through() {
        let mut encoder = Encoder::new(24_000).unwrap();
        let mut decoder = Decoder::new(16_000).unwrap();
        let mut heard = Vec::new();
        for frame in 0..20_i32 {
            let samples: Vec<i16> = (0..480)
                .map(|i| {
                    let t = f64::from(frame * 480 + i) / 24_000.0;
                    ((t * 440.0 * std::f64::consts::TAU).sin() * 8000.0) as i16
                })
                .collect();
            let packet = encoder.encode(&samples).unwrap();
            heard.extend_from_slice(decoder.decode(&packet).unwrap());
        }
        assert_eq!(heard.len(), 20 * 320);
        let level = super::super::format::level_dbov(&heard[3200..]);
        assert!((12..=20).contains(&level), "level is {level}");
    }

    #[test]
    fn rubbish_is_an_error_and_not_a_crash() {
        let mut decoder = Decoder::new(24_000).unwrap();
        assert!(decoder.decode(&[0xff, 0xff, 0xff]).is_err());
        assert!(decoder.decode(&[]).unwrap().is_empty());
    }
}
