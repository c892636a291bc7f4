//! What comes of reading a document.

use serde::{Deserialize, Serialize};

/// The text of a document, in passages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What the document calls itself.
    pub title: Option<String>,
    /// The language of most of it (ISO 639-3), when that is plain.
    pub language: Option<String>,
    /// In the order of the document.
    pub passages: Vec<Passage>,
    /// Whether the document went on after the last passage.
    pub is_cut: bool,
}

/// A piece of text that makes sense alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Where it stands, in documents that count such things.
    pub place: Option<Place>,
    /// The heading that it stands under.
    pub heading: Option<String>,
    /// The words.
    pub text: String,
}

/// Where in a document something stands; counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// On this page.
    Page(u32),
    /// On this slide.
    Slide(u32),
}

/// Why there is nothing to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The content is not what the name promises.
    #[error("The file is not what its name says.")]
    WrongType,
    /// It breaks off, or makes no sense.
    #[error("The file is damaged or incomplete.")]
    Damaged,
    /// It asks for a password.
    #[error("The file is protected by a password.")]
    Encrypted,
    /// There are no words in it: a scan, for instance.
    #[error("There is no text in the file; of a scan, only pictures are there.")]
    NoText,
    /// It took longer than a document may take.
    #[error("Reading the file took too long.")]
    TooSlow,
    /// It took more memory than a document may take.
    #[error("The file unpacks to more than can be read.")]
    TooLarge,
    /// The learner keeps as many passages as they may.
    #[error("You keep as much text as you may; delete other documents first.")]
    NoRoom,
    /// Something is wrong with the server, and stayed so for all attempts.
    #[error(
        "The server could not read the file; whoever runs it finds out why in its log. Upload it again later."
    )]
    NotRead,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::WrongType,
        Self::Damaged,
        Self::Encrypted,
        Self::NoText,
        Self::TooSlow,
        Self::TooLarge,
        Self::NoRoom,
        Self::NotRead,
    ];

    /// Returns its word, in the API and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongType => "wrong_type",
            Self::Damaged => "damaged",
            Self::Encrypted => "encrypted",
            Self::NoText => "no_text",
            Self::TooSlow => "too_slow",
            Self::TooLarge => "too_large",
            Self::NoRoom => "no_room",
            Self::NotRead => "not_read",
        }
    }

    /// Returns the failure that this word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|failure| failure.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_failures_belong_together() {
        for failure in Failure::ALL {
            assert_eq!(Failure::from_word(failure.as_str()), Some(failure));
            assert_eq!(serde_json::to_value(failure).unwrap(), failure.as_str());
        }
    }
}
