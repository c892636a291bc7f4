//! What the simulator says, hears and does wrong, read from a JSON file.
//!
//! `docs/simulator.md` describes the format for people; these types are the format.

mod choice;
mod fault;
mod plan;
mod writing;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use choice::{Chosen, Context, ReplySlot};
pub(crate) use choice::{is_not_understood, not_understood};
pub use fault::{ConnectionFault, ReplyFault, ReplyFaultKind};
pub use plan::{PlannedFault, PlannedFaultKind, Protocol, When};
pub use writing::{Writing, WritingFault, WritingFaultKind, WritingPath, WrittenAnswer};

/// A script as it stands in its file. The empty script (`{}`) scripts nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// What happens in conversations that no entry of `learners` claims.
    #[serde(rename = "default")]
    pub default_learner: Learner,
    /// Learners told apart by the instructions of their session; the first that fits wins.
    pub learners: Vec<Learner>,
    /// Faults of the first, second, ... connection that the server accepts; `null` is a healthy one.
    pub connections: Vec<Option<ConnectionFault>>,
    /// The fault of every connection past the end of `connections`.
    pub every_connection: Option<ConnectionFault>,
    /// Faults at chosen moments on the wire.
    pub faults: Vec<PlannedFault>,
    /// What is answered in writing.
    pub writing: Writing,
    /// How long a session lives, in milliseconds. An hour unless said.
    pub session_limit_ms: Option<u64>,
    /// Whether events of unknown types are mixed in, as the real server does when it grows. On unless said.
    pub unknown_events: Option<bool>,
}

/// One learner's part: what they are told and what they are taken to have said.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Learner {
    /// In `learners`: a part of the instructions that only this learner's session has.
    pub when_instructions_contain: String,
    /// The reply given when the context holds no turn of the learner yet.
    pub greeting: Option<Reply>,
    /// The replies to the first, second, ... turn of the learner.
    pub replies: Vec<Reply>,
    /// Replies that go before the greeting and `replies` where their conditions hold.
    pub matches: Vec<Match>,
    /// The words of the first, second, ... spoken turn; `null` is speech that was not understood.
    pub learner_says: Vec<Option<Words>>,
    /// How long after the end of a spoken turn its words come, in milliseconds.
    pub transcript_delay_ms: Option<u64>,
    /// The language of the replies (BCP 47), where they do not say it themselves.
    pub language: Option<String>,
}

/// A reply with the conditions under which it is given. All that are set must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// A part of the last turn's words, whatever its case.
    pub text_contains: Option<String>,
    /// A part of the response's own instructions, or of the session's where it has none.
    pub instructions_contain: Option<String>,
    /// What is said then.
    pub reply: Reply,
}

/// What a spoken turn of the learner is taken to have said.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Words {
    /// Just the words.
    Plain(String),
    /// The words with how they arrive.
    Detailed(DetailedWords),
}

/// Words of the learner with how they arrive.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailedWords {
    /// The words.
    #[serde(default)]
    pub text: String,
    /// Overrides `transcript_delay_ms` for this turn.
    #[serde(default)]
    pub delay_ms: Option<u64>,
    /// Whether the transcription fails instead.
    #[serde(default)]
    pub fails: bool,
}

/// One reply, in the file either a plain string or an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "ReplyForm")]
pub struct Reply {
    /// The words; may be empty where there is a `call` or a fault. `{quote}` stands for what `quote` finds.
    pub text: String,
    /// What is taken from the session's instructions.
    pub quote: Option<Quote>,
    /// A second message in the same response.
    pub second_text: Option<String>,
    /// The language of the voice (BCP 47).
    pub language: Option<String>,
    /// Silence before the first sound, in milliseconds.
    pub leading_silence_ms: u64,
    /// Whether each word is a beep of a known length and pitch instead of a voice.
    pub beeps: bool,
    /// How long the first audio takes after the response was created, in milliseconds.
    pub first_audio_after_ms: Option<u64>,
    /// How many times faster than real time the audio is delivered.
    pub delivery_speed: Option<f64>,
    /// A tool call, made after the words.
    pub call: Option<ToolCall>,
    /// The reply once the tool's output is there.
    pub then: Option<Box<Reply>>,
    /// What goes wrong.
    pub fault: Option<ReplyFault>,
}

/// A part of the instructions of the session: the first that stands between these two.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// What stands before it.
    pub after: String,
    /// What stands behind it.
    pub before: String,
}

/// A tool call that a reply makes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// The arguments, an object.
    #[serde(default)]
    pub arguments: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ReplyForm {
    Plain(String),
    Detailed(Box<DetailedReply>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DetailedReply {
    #[serde(default)]
    text: String,
    quote: Option<Quote>,
    second_text: Option<String>,
    language: Option<String>,
    #[serde(default)]
    leading_silence_ms: u64,
    #[serde(default)]
    beeps: bool,
    first_audio_after_ms: Option<u64>,
    delivery_speed: Option<f64>,
    call: Option<ToolCall>,
    then: Option<Box<Reply>>,
    fault: Option<ReplyFault>,
}

impl From<ReplyForm> for Reply {
    fn from(form: ReplyForm) -> Self {
        match form {
            ReplyForm::Plain(text) => Self {
                text,
                ..Self::default()
            },
            ReplyForm::Detailed(reply) => Self {
                text: reply.text,
                quote: reply.quote,
                second_text: reply.second_text,
                language: reply.language,
                leading_silence_ms: reply.leading_silence_ms,
                beeps: reply.beeps,
                first_audio_after_ms: reply.first_audio_after_ms,
                delivery_speed: reply.delivery_speed,
                call: reply.call,
                then: reply.then,
                fault: reply.fault,
            },
        }
    }
}

/// Why a script could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadScriptError {
    /// The file could not be read.
    #[error("cannot read the script {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file does not hold a script.
    #[error("the script {path} is not understood: {source}")]
    NotUnderstood {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
}

impl Script {
    /// Reads a script file.
    pub fn read(path: &Path) -> Result<Self, ReadScriptError> {
        let text = std::fs::read_to_string(path).map_err(|source| ReadScriptError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_str(&text).map_err(|source| ReadScriptError::NotUnderstood {
            path: path.to_owned(),
            source,
        })
    }

    /// Returns the fault of the connection with this number, counted from 0.
    pub fn connection_fault(&self, number: usize) -> Option<&ConnectionFault> {
        match self.connections.get(number) {
            Some(fault) => fault.as_ref(),
            None => self.every_connection.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_documentation_is_understood() {
        let page = include_str!("../../docs/simulator.md");
        let (_, rest) = page.split_once("```json\n").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        let script: Script = serde_json::from_str(example).unwrap();
        assert_eq!(script.learners.len(), 1);
        assert_eq!(script.default_learner.replies.len(), 2);
    }

    #[test]
    fn a_script_that_cannot_be_read_is_told_by_its_path() {
        let error = Script::read(Path::new("/nowhere/script.json")).unwrap_err();
        assert!(
            error.to_string().contains("/nowhere/script.json"),
            "{error}"
        );
    }
}
