//! Finds speech in what a voice activity detector says of each stretch of sound: where it begins, where it ends, what was noise.

use std::time::Duration;

use crate::Patience;

/// So much voice is a sound that the tutor takes note of; less is a click.
const NOTICED: Duration = Duration::from_millis(60);
/// A silence that is longer parts two sounds. A comma is shorter: "Stop, please" is one sound and not two coughs.
const GAP: Duration = Duration::from_millis(400);
/// In a pause, so much voice in a row goes on with the turn: a click does not.
const GOES_ON: Duration = Duration::from_millis(40);

/// What was found. Positions are on the ear's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// The learner speaks, since then.
    Speech { from: Duration },
    /// A sound is over that was too short for speech.
    FalseAlarm { from: Duration, voiced: Duration },
    /// The learner has been silent for as long as it takes.
    Ended,
}

/// Looks for speech.
#[derive(Debug, Default)]
pub(crate) struct TurnFinder {
    state: State,
    /// Voice without a break, up to now.
    run: Duration,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Quiet,
    /// Sound that may become speech.
    Sound {
        from: Duration,
        voiced: Duration,
        last: Duration,
    },
    Speech {
        last: Duration,
    },
}

impl TurnFinder {
    /// Takes what was said of the stretch between two positions. `enough` voice is speech, so much `silence` ends it.
    pub(crate) fn hear(
        &mut self,
        (from, to): (Duration, Duration),
        is_voice: bool,
        enough: Duration,
        silence: Duration,
    ) -> Option<Found> {
        let length = to.saturating_sub(from);
        self.run = if is_voice {
            self.run + length
        } else {
            Duration::ZERO
        };
        match &mut self.state {
            State::Quiet if is_voice => {
                self.state = State::Sound {
                    from,
                    voiced: length,
                    last: to,
                };
                None
            }
            State::Quiet => None,
            State::Sound { from, voiced, last } => {
                if is_voice {
                    *voiced += length;
                    *last = to;
                }
                let (from, voiced, last) = (*from, *voiced, *last);
                if voiced >= enough {
                    self.state = State::Speech { last };
                    return Some(Found::Speech { from });
                }
                if to.saturating_sub(last) >= GAP {
                    self.state = State::Quiet;
                    return Some(Found::FalseAlarm { from, voiced });
                }
                None
            }
            State::Speech { last } => {
                if self.run >= GOES_ON {
                    *last = to;
                }
                if to.saturating_sub(*last) < silence {
                    return None;
                }
                self.state = State::Quiet;
                Some(Found::Ended)
            }
        }
    }

    /// Returns whether there is a sound that may become speech, and that is no click.
    pub(crate) fn hears_something(&self) -> bool {
        matches!(self.state, State::Sound { voiced, .. } if voiced >= NOTICED)
    }

    /// Returns whether the learner speaks.
    pub(crate) fn hears_speech(&self) -> bool {
        matches!(self.state, State::Speech { .. })
    }

    /// Speech goes on here that began elsewhere.
    pub(crate) fn take_up(&mut self, at: Duration) {
        if !matches!(self.state, State::Speech { .. }) {
            self.state = State::Speech { last: at };
        }
    }

    /// Forgets what was heard.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Returns how long a silence ends a turn that we find.
pub(crate) fn silence_that_ends(patience: Patience) -> Duration {
    Duration::from_millis(match patience {
        // Beyond the pauses in which people look for a word in a foreign language.
        Patience::Patient => 3_400,
        Patience::Normal => 700,
        Patience::Quick => 400,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Lengths in ms, voice first; returns what was found and where.
    fn found(lengths: &[u64], enough: u64, silence: u64) -> Vec<(u64, Found)> {
        let mut finder = TurnFinder::default();
        let (mut at, mut found) = (0, Vec::new());
        for (index, length) in lengths.iter().enumerate() {
            for _ in 0..length / 20 {
                let stretch = (ms(at), ms(at + 20));
                at += 20;
                let is_voice = index % 2 == 0;
                if let Some(one) = finder.hear(stretch, is_voice, ms(enough), ms(silence)) {
                    found.push((at, one));
                }
            }
        }
        found
    }

    #[test]
    fn speech_is_found_once_and_ends_once() {
        assert_eq!(
            found(&[0, 1000, 800, 200, 600, 2000], 160, 700),
            [
                (1160, Found::Speech { from: ms(1000) }),
                (3300, Found::Ended)
            ]
        );
    }

    #[test]
    fn short_sounds_are_false_alarms() {
        assert_eq!(
            found(&[240, 1000, 100, 40, 100, 1000], 500, 700),
            [
                (
                    640,
                    Found::FalseAlarm {
                        from: ms(0),
                        voiced: ms(240)
                    }
                ),
                (
                    1880,
                    Found::FalseAlarm {
                        from: ms(1240),
                        voiced: ms(200)
                    }
                ),
            ]
        );
    }

    #[test]
    fn two_short_words_with_a_comma_between_them_are_speech() {
        assert_eq!(
            found(&[180, 340, 400, 2000], 500, 700)[0],
            (840, Found::Speech { from: ms(0) })
        );
    }

    #[test]
    fn a_click_does_not_lengthen_a_pause() {
        assert_eq!(
            found(&[500, 300, 20, 1000], 160, 700).last(),
            Some(&(1200, Found::Ended))
        );
    }
}
