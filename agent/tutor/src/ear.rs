//! What the learner's microphone heard of late: kept so that no word is lost when no provider listens.

use std::collections::VecDeque;
use std::time::Duration;

use crate::Pcm;

/// The most that is ever kept.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);
/// The loudest sample that still counts as silence (about -36 dBFS): a room, not a voice.
const QUIET_PEAK: u16 = 500;

/// A ring of learner audio. Positions are times on the learner's own audio clock: how much was heard before.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    chunks: VecDeque<(Duration, Pcm)>,
    end: Duration,
}

impl Ear {
    /// Takes the next stretch and forgets what is older than `keep_from`, and than [`LONGEST`] in any case.
    pub(crate) fn hear(&mut self, pcm: Pcm, keep_from: Duration) {
        let at = self.end;
        self.end += pcm.duration();
        self.chunks.push_back((at, pcm));
        let keep_from = keep_from.max(self.end.saturating_sub(LONGEST));
        while self
            .chunks
            .front()
            .is_some_and(|(at, pcm)| *at + pcm.duration() <= keep_from)
        {
            self.chunks.pop_front();
        }
    }

    /// Returns the position of what comes next.
    pub(crate) fn end(&self) -> Duration {
        self.end
    }

    /// Returns what is kept from a position on, in order, joined to stretches of at most a second: whoever takes it has a bounded queue.
    pub(crate) fn since(&self, from: Duration) -> Vec<Pcm> {
        let mut joined: Vec<(Vec<i16>, u32)> = Vec::new();
        for (at, pcm) in &self.chunks {
            if *at + pcm.duration() <= from {
                continue;
            }
            match joined.last_mut() {
                Some((samples, rate))
                    if *rate == pcm.rate_hz
                        && samples.len() + pcm.samples.len() <= *rate as usize =>
                {
                    samples.extend_from_slice(&pcm.samples);
                }
                _ => joined.push((pcm.samples.to_vec(), pcm.rate_hz)),
            }
        }
        joined
            .into_iter()
            .map(|(samples, rate_hz)| Pcm {
                samples: samples.into(),
                rate_hz,
            })
            .collect()
    }

    /// Returns whether something louder than a quiet room is kept from a position on.
    pub(crate) fn heard_a_voice_since(&self, from: Duration) -> bool {
        self.chunks
            .iter()
            .filter(|(at, pcm)| *at + pcm.duration() > from)
            .any(|(_, pcm)| is_loud(pcm))
    }
}

/// Returns whether it is louder than a quiet room.
pub(crate) fn is_loud(pcm: &Pcm) -> bool {
    pcm.samples
        .iter()
        .any(|sample| sample.unsigned_abs() > QUIET_PEAK)
}

/// Gives sound another rate, between its samples. Good enough for the few seconds that a provider hears which takes over from one
/// with another rate; all else is decoded at the right rate.
pub(crate) fn at_rate(pcm: Pcm, rate_hz: u32) -> Pcm {
    if pcm.rate_hz == rate_hz || pcm.samples.is_empty() || rate_hz == 0 || pcm.rate_hz == 0 {
        return pcm;
    }
    let (from, to) = (u64::from(pcm.rate_hz), u64::from(rate_hz));
    let length = pcm.samples.len() as u64 * to / from;
    let last = pcm.samples.len() - 1;
    let samples = (0..length)
        .map(|n| {
            let place = n * from;
            let index = usize::try_from(place / to).unwrap_or(last).min(last);
            let share = i64::try_from(place % to).unwrap_or(0);
            let span = i64::try_from(to).unwrap_or(i64::MAX);
            let (here, there) = (
                i64::from(pcm.samples[index]),
                i64::from(pcm.samples[(index + 1).min(last)]),
            );
            let between = (here * (span - share) + there * share) / span;
            i16::try_from(between).unwrap_or(0)
        })
        .collect();
    Pcm { samples, rate_hz }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twenty_ms(value: i16) -> Pcm {
        Pcm {
            samples: vec![value; 480].into(),
            rate_hz: 24_000,
        }
    }

    #[test]
    fn keeps_the_last_thirty_seconds_in_order() {
        let mut ear = Ear::default();
        for n in 0..2000_i16 {
            ear.hear(twenty_ms(n), Duration::ZERO);
        }
        let kept = ear.since(Duration::ZERO);
        let total: Duration = kept.iter().map(Pcm::duration).sum();
        assert_eq!(total, LONGEST);
        assert_eq!(kept[0].samples[0], 500);
        assert_eq!(kept.last().unwrap().samples.last(), Some(&1999));
    }

    #[test]
    fn forgets_what_nobody_asked_to_keep() {
        let mut ear = Ear::default();
        for n in 0..100 {
            ear.hear(twenty_ms(n), Duration::from_secs(1));
        }
        let total: Duration = ear.since(Duration::ZERO).iter().map(Pcm::duration).sum();
        assert_eq!(total, Duration::from_secs(1));
    }

    #[test]
    fn gives_stretches_of_at_most_a_second() {
        let mut ear = Ear::default();
        for n in 0..120 {
            ear.hear(twenty_ms(n), Duration::ZERO);
        }
        let stretches: Vec<_> = ear
            .since(Duration::from_millis(200))
            .iter()
            .map(Pcm::duration)
            .collect();
        assert_eq!(
            stretches,
            [
                Duration::from_secs(1),
                Duration::from_secs(1),
                Duration::from_millis(200)
            ]
        );
    }

    #[test]
    fn sound_keeps_its_length_and_shape_at_another_rate() {
        let up = Pcm {
            samples: (0..480).map(|n| n * 10).collect(),
            rate_hz: 24_000,
        };
        let down = at_rate(up.clone(), 16_000);
        assert_eq!(down.duration(), up.duration());
        assert_eq!(down.samples[..4], [0, 15, 30, 45]);
        assert_eq!(at_rate(up.clone(), 24_000), up);
    }

    #[test]
    fn tells_a_voice_from_a_quiet_room() {
        let mut ear = Ear::default();
        ear.hear(twenty_ms(-40), Duration::ZERO);
        assert!(!ear.heard_a_voice_since(Duration::ZERO));
        ear.hear(twenty_ms(-4000), Duration::ZERO);
        assert!(ear.heard_a_voice_since(Duration::ZERO));
        assert!(!ear.heard_a_voice_since(Duration::from_millis(40)));
    }
}
