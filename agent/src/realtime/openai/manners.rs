//! How a server that speaks this protocol wants to be spoken to: they differ, and it is said by configuration.

use std::fmt;
use std::str::FromStr;

/// What differs between servers of this protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Manners {
    /// The shape of what we send; both are understood.
    pub dialect: Dialect,
    /// How the server finds the end of a turn.
    pub turn_detection: TurnFinder,
    /// What the server takes away from the learner's sound before it listens.
    pub noise_reduction: NoiseReduction,
}

/// The shape of what we send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Since general availability: OpenAI itself, LocalAI.
    #[default]
    Ga,
    /// From before it: speaches, older servers.
    Beta,
}

/// How the server finds the end of a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TurnFinder {
    /// By the sense of what was said; OpenAI itself knows it.
    Semantic,
    /// By silence; every server knows it.
    #[default]
    Silence,
}

/// What the server takes away from the learner's sound before it listens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NoiseReduction {
    /// Nothing: browsers and phones do it already.
    #[default]
    Off,
    /// What a headset hears.
    NearField,
    /// What a microphone across the table hears.
    FarField,
}

/// A setting that has no such value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be one of {}", .0.join(", "))]
pub struct NoSuchValue(&'static [&'static str]);

macro_rules! named {
    ($kind:ident { $($name:literal => $variant:ident),+ }) => {
        impl FromStr for $kind {
            type Err = NoSuchValue;

            fn from_str(text: &str) -> Result<Self, NoSuchValue> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(NoSuchValue(&[$($name),+])),
                }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $name,)+
                })
            }
        }
    };
}

named!(Dialect { "ga" => Ga, "beta" => Beta });
named!(TurnFinder { "semantic_vad" => Semantic, "server_vad" => Silence });
named!(NoiseReduction { "off" => Off, "near_field" => NearField, "far_field" => FarField });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_it_is_written_and_another_one_is_told_what_there_is() {
        assert_eq!("beta".parse(), Ok(Dialect::Beta));
        assert_eq!("semantic_vad".parse(), Ok(TurnFinder::Semantic));
        assert_eq!(NoiseReduction::FarField.to_string(), "far_field");
        assert_eq!(
            "loud".parse::<NoiseReduction>().unwrap_err().to_string(),
            "it must be one of off, near_field, far_field"
        );
    }
}
