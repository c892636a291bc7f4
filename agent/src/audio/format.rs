//! Lengths, rates and levels of sound.

use std::time::Duration;

/// The stretch in which sound moves: one packet, one step of the playout.
pub const FRAME: Duration = Duration::from_millis(20);

/// The clock of Opus in RTP, in Hz, whatever rate is coded.
pub const RTP_CLOCK_HZ: u32 = 48_000;

/// Returns how many samples a stretch has at a rate.
#[must_use]
pub fn samples_in(duration: Duration, rate_hz: u32) -> usize {
    usize::try_from(duration.as_nanos() * u128::from(rate_hz) / 1_000_000_000).unwrap_or(usize::MAX)
}

/// Returns how long so many samples sound at a rate.
#[must_use]
pub fn duration_of(samples: usize, rate_hz: u32) -> Duration {
    Duration::from_nanos(samples as u64 * 1_000_000_000 / u64::from(rate_hz.max(1)))
}

/// Returns how long so many ticks of the RTP clock are.
#[must_use]
pub fn duration_of_ticks(ticks: u32) -> Duration {
    duration_of(ticks as usize, RTP_CLOCK_HZ)
}

/// Returns the level in -dBov as RFC 6464 wants it: 0 is the loudest, 127 silence.
#[must_use]
pub fn level_dbov(samples: &[i16]) -> u8 {
    if samples.is_empty() {
        return 127;
    }
    let energy: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a frame has some hundred samples"
    )]
    let mean = energy / samples.len() as f64;
    if mean < 1.0 {
        return 127;
    }
    let decibels = -10.0 * (mean / (32768.0 * 32768.0)).log10();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=127"
    )]
    let level = decibels.round().clamp(0.0, 127.0) as u8;
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_480_samples_at_24_khz() {
        assert_eq!(samples_in(FRAME, 24_000), 480);
        assert_eq!(duration_of(480, 24_000), FRAME);
        assert_eq!(duration_of_ticks(960), FRAME);
    }

    #[test]
    fn silence_is_127_and_full_scale_is_0() {
        assert_eq!(level_dbov(&[0; 480]), 127);
        assert_eq!(level_dbov(&[i16::MIN; 480]), 0);
        assert_eq!(level_dbov(&[3277; 480]), 20);
    }
}
