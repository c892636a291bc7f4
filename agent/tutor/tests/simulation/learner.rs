//! A learner who speaks, waits for the answer, and sometimes does not.

use std::time::Duration;

use avaaz_tutor::{Moment, Pcm};

use crate::chance::Chance;

/// Samples a second: one a millisecond is enough to count them.
pub const RATE: u32 = 1_000;
pub const FRAME: Duration = Duration::from_millis(20);
/// The samples of the nth thing that is said have this value plus n.
pub const VOICE: i16 = 1_000;

enum Does {
    /// Says nothing until then.
    Waits {
        until: Moment,
    },
    Speaks {
        until: Moment,
    },
    /// Has spoken; waits for the answer.
    Listens {
        at_most: Moment,
        interrupts_after: Option<Duration>,
    },
}

pub struct Learner {
    does: Does,
    /// How many samples each thing was that was said, from the first.
    pub said: Vec<usize>,
    /// How often to speak.
    pub turns: usize,
    heard_since: Option<Moment>,
    heard_anything: bool,
    /// In per cent.
    pub interrupts: u64,
}

impl Learner {
    pub fn new(turns: usize, interrupts: u64) -> Self {
        Self {
            does: Does::Waits {
                until: Duration::from_secs(4),
            },
            said: Vec::new(),
            turns,
            heard_since: None,
            heard_anything: false,
            interrupts,
        }
    }

    pub fn speaks(&self) -> bool {
        matches!(self.does, Does::Speaks { .. })
    }

    /// Returns since when there is nothing more to say.
    pub fn is_done(&self) -> bool {
        self.said.len() >= self.turns && matches!(self.does, Does::Waits { .. })
    }

    /// Twenty milliseconds pass, in which the tutor is heard or not. Returns what the microphone hears.
    pub fn frame(&mut self, now: Moment, hears_tutor: bool, chance: &mut Chance) -> Pcm {
        if hears_tutor {
            self.heard_since.get_or_insert(now);
            self.heard_anything = true;
        } else {
            self.heard_since = None;
        }
        match &self.does {
            Does::Waits { until } => {
                if now >= *until && !hears_tutor && self.said.len() < self.turns {
                    self.speak(now, chance);
                }
            }
            Does::Speaks { until } => {
                if now >= *until {
                    self.heard_anything = false;
                    self.does = Does::Listens {
                        at_most: now + Duration::from_secs(30),
                        interrupts_after: chance
                            .percent(self.interrupts)
                            .then(|| chance.ms(100, 2500)),
                    };
                }
            }
            Does::Listens {
                at_most,
                interrupts_after,
            } => {
                let more = self.said.len() < self.turns;
                let interrupts = interrupts_after.is_some_and(|after| {
                    more && self.heard_since.is_some_and(|since| now >= since + after)
                });
                if interrupts {
                    self.speak(now, chance);
                } else if now >= *at_most || (self.heard_anything && !hears_tutor) {
                    self.does = Does::Waits {
                        until: now + chance.ms(200, 2_000),
                    };
                }
            }
        }
        let value = if self.speaks() {
            let last = self.said.len();
            self.said[last - 1] += 20;
            VOICE + i16::try_from(last).expect("few are said")
        } else {
            0
        };
        Pcm {
            samples: vec![value; 20].into(),
            rate_hz: RATE,
        }
    }

    fn speak(&mut self, now: Moment, chance: &mut Chance) {
        self.said.push(0);
        self.does = Does::Speaks {
            until: now + chance.ms(600, 3_000),
        };
    }
}
