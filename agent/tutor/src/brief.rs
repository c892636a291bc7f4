//! What the tutor is told before it speaks.

/// Persona, mode, languages, level, goal: the source of the instructions that the provider gets.
///
/// Deterministic: the same brief makes the same instructions. Its texts are bounded by whoever makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// The learner's name, as they gave it.
    pub learner_name: String,
    /// What kind of sitting this is.
    pub mode: Mode,
    /// The language that is learnt, BCP 47.
    pub target_language: String,
    /// The learner's own language, BCP 47.
    pub native_language: String,
    /// How far the learner is, if known.
    pub level: Option<Level>,
    /// What the learner wants, in their words.
    pub goal: Option<String>,
    /// The voice that was asked for, in the provider's own name; `None` is the provider's default.
    pub voice: Option<String>,
    /// How long a pause the learner may make.
    pub patience: Patience,
    /// Whether the learner presses a key to speak.
    pub push_to_talk: bool,
    /// Further paragraphs (memories, lesson, materials), already bounded, each given as it is.
    pub notes: Vec<String>,
}

/// What kind of sitting a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A lesson.
    Lesson,
    /// An exam without help.
    MockExam,
    /// Talk about anything.
    FreeTalk,
}

/// Levels of the Common European Framework of Reference for Languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the meaning")]
pub enum Level {
    A1,
    A2,
    B1,
    B2,
    C1,
    C2,
}

/// How long a pause a learner may make before the tutor takes the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Patience {
    /// Long pauses in mid-sentence are fine.
    Patient,
    /// The usual.
    Normal,
    /// Answers at once.
    Quick,
}
