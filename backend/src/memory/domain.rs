//! What a memory is, and what a conversation does to those that are there.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The longest summary and the longest fact, in characters.
pub const LONGEST_SUMMARY: usize = 1_500;
/// See [`LONGEST_SUMMARY`].
pub const LONGEST_FACT: usize = 240;
/// How many facts one part of a conversation may add.
pub const MOST_NEW_FACTS: usize = 12;
/// How many facts are kept of one learner. Those that no conversation has borne out for the longest time make room.
pub const MOST_FACTS: usize = 200;
/// How alike two facts of a kind are that say the same in other words, or that contradict each other in one word: the newer one stands.
const SAME: f32 = 0.95;

/// What a fact is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// What the learner wants to reach.
    Goal,
    /// What shows how far the learner is.
    Level,
    /// What the learner gets wrong again and again.
    Mistake,
    /// What the learner likes to talk about.
    Interest,
    /// Who the learner is: family, work, plans.
    Person,
}

impl FactKind {
    /// All of them, in the order in which a tutor is told.
    pub const ALL: [Self; 5] = [
        Self::Goal,
        Self::Level,
        Self::Mistake,
        Self::Interest,
        Self::Person,
    ];

    /// Returns the word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::Level => "level",
            Self::Mistake => "mistake",
            Self::Interest => "interest",
            Self::Person => "person",
        }
    }

    /// Returns what the word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A fact that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownFact {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub kind: FactKind,
    /// The words.
    pub text: String,
    /// Its vector, if it has one of the present model.
    pub vector: Option<Vec<f32>>,
}

/// A fact that a conversation told.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundFact {
    /// What it is about.
    pub kind: FactKind,
    /// The words.
    pub text: String,
    /// The known facts that it takes the place of, by the model's word.
    pub replaces: Vec<Uuid>,
    /// Its vector, if the model could be had.
    pub vector: Option<Vec<f32>>,
}

/// What happens to the facts.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new fact, which takes the place of these.
    Add {
        /// The fact.
        fact: FoundFact,
        /// What it replaces; each is retired.
        replaced: Vec<Uuid>,
    },
    /// It was said again.
    Confirm(Uuid),
    /// It is not true any more.
    Retire(Uuid),
}

/// Decides what becomes of the facts. `confirmed` and `untrue` are known facts, by the model's word; what a newer fact replaces is
/// neither. The same facts make the same changes.
#[must_use]
pub fn merge(
    known: &[KnownFact],
    found: Vec<FoundFact>,
    confirmed: &[Uuid],
    untrue: &[Uuid],
) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut gone: Vec<Uuid> = Vec::new();
    let mut fresh: Vec<(FactKind, String)> = Vec::new();
    let is_known = |id: &Uuid| known.iter().any(|fact| fact.id == *id);
    for fact in found.into_iter().take(MOST_NEW_FACTS) {
        let plain = plain(&fact.text);
        if fresh
            .iter()
            .any(|(kind, text)| *kind == fact.kind && *text == plain)
        {
            continue;
        }
        let same = known
            .iter()
            .find(|old| !gone.contains(&old.id) && self::plain(&old.text) == plain);
        if let Some(same) = same {
            confirm(&mut changes, same.id);
            continue;
        }
        let mut replaced: Vec<Uuid> = fact.replaces.iter().copied().filter(is_known).collect();
        replaced.extend(
            known
                .iter()
                .filter(|old| is_alike(old, &fact))
                .map(|old| old.id),
        );
        replaced.sort_unstable();
        replaced.dedup();
        replaced.retain(|id| !gone.contains(id));
        gone.extend(&replaced);
        fresh.push((fact.kind, plain));
        changes.push(Change::Add { fact, replaced });
    }
    for id in untrue.iter().filter(|id| is_known(id)) {
        if !gone.contains(id) {
            gone.push(*id);
            changes.retain(|change| *change != Change::Confirm(*id));
            changes.push(Change::Retire(*id));
        }
    }
    for id in confirmed.iter().filter(|id| is_known(id)) {
        if !gone.contains(id) {
            confirm(&mut changes, *id);
        }
    }
    // A fact that was confirmed and then replaced by a later one of the same conversation.
    changes.retain(|change| !matches!(change, Change::Confirm(id) if gone.contains(id)));
    changes
}

/// Returns what an older conversation told that contradicts nothing that is known: what was said later stands.
#[must_use]
pub fn said_before(known: &[KnownFact], found: Vec<FoundFact>) -> Vec<FoundFact> {
    let stands = |fact: &FoundFact| {
        let text = plain(&fact.text);
        let is_said_again = known.iter().any(|old| plain(&old.text) == text);
        is_said_again || (fact.replaces.is_empty() && !known.iter().any(|old| is_alike(old, fact)))
    };
    found.into_iter().filter(stands).collect()
}

fn confirm(changes: &mut Vec<Change>, id: Uuid) {
    if !changes.contains(&Change::Confirm(id)) {
        changes.push(Change::Confirm(id));
    }
}

fn is_alike(old: &KnownFact, new: &FoundFact) -> bool {
    let (Some(a), Some(b)) = (&old.vector, &new.vector) else {
        return false;
    };
    old.kind == new.kind && a.len() == b.len() && avaaz_models::cosine_similarity(a, b) >= SAME
}

/// Returns a text as it is compared: case, punctuation and spaces say nothing.
fn plain(text: &str) -> String {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns a text cut to so many characters, at the end of a sentence or of a word where there is one in its last third.
#[must_use]
pub fn bounded(text: &str, longest: usize) -> String {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(longest) else {
        return text.to_owned();
    };
    let cut = &text[..end];
    let at_sentence = cut
        .rfind(['.', '!', '?', '。', '！', '？', '।', '؟'])
        .map(|at| at + cut[at..].chars().next().map_or(0, char::len_utf8));
    let at = at_sentence
        .filter(|at| at * 3 >= cut.len() * 2)
        .or_else(|| cut.rfind(char::is_whitespace))
        .unwrap_or(cut.len());
    cut[..at].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(number: u128, kind: FactKind, text: &str, vector: &[f32]) -> KnownFact {
        KnownFact {
            id: Uuid::from_u128(number),
            kind,
            text: text.to_owned(),
            vector: (!vector.is_empty()).then(|| vector.to_vec()),
        }
    }

    fn found(kind: FactKind, text: &str, replaces: &[u128], vector: &[f32]) -> FoundFact {
        FoundFact {
            kind,
            text: text.to_owned(),
            replaces: replaces.iter().copied().map(Uuid::from_u128).collect(),
            vector: (!vector.is_empty()).then(|| vector.to_vec()),
        }
    }

    fn added(changes: &[Change]) -> Vec<(&str, Vec<u128>)> {
        let adds = changes.iter().filter_map(|change| match change {
            Change::Add { fact, replaced } => Some((
                fact.text.as_str(),
                replaced.iter().map(|id| id.as_u128()).collect(),
            )),
            _ => None,
        });
        adds.collect()
    }

    #[test]
    fn what_is_said_again_is_confirmed_and_not_kept_twice() {
        let old = [known(1, FactKind::Goal, "Wants to pass DELF B2.", &[])];
        let again = found(FactKind::Goal, "wants to pass delf b2", &[], &[]);
        let changes = merge(&old, vec![again.clone(), again], &[], &[]);
        assert_eq!(changes, [Change::Confirm(Uuid::from_u128(1))]);
    }

    #[test]
    fn the_same_fact_twice_in_one_answer_is_one() {
        let fact = found(FactKind::Interest, "Likes chess", &[], &[]);
        let changes = merge(&[], vec![fact.clone(), fact], &[], &[]);
        assert_eq!(added(&changes), [("Likes chess", vec![])]);
    }

    #[test]
    fn a_fact_in_nearly_the_same_words_takes_the_place_of_the_old_one() {
        let old = [
            known(1, FactKind::Goal, "Wants to reach B2", &[1.0, 0.0]),
            known(2, FactKind::Level, "Reads at B2", &[1.0, 0.0]),
            known(3, FactKind::Goal, "Wants to work in Rome", &[0.0, 1.0]),
        ];
        let new = found(FactKind::Goal, "Wants to reach C1", &[], &[0.999, 0.04]);
        let changes = merge(&old, vec![new], &[], &[]);
        assert_eq!(added(&changes), [("Wants to reach C1", vec![1])]);
    }

    #[test]
    fn what_the_model_says_is_replaced_or_untrue_is_retired_once_and_not_confirmed() {
        let old = [
            known(1, FactKind::Person, "Lives in Porto", &[]),
            known(2, FactKind::Person, "Has a cat", &[]),
            known(3, FactKind::Interest, "Likes films", &[]),
        ];
        let id = Uuid::from_u128;
        let new = found(FactKind::Person, "Moved to Lisbon", &[1, 99], &[]);
        let changes = merge(
            &old,
            vec![new],
            &[id(1), id(2), id(3), id(98)],
            &[id(1), id(2), id(97)],
        );
        assert_eq!(added(&changes), [("Moved to Lisbon", vec![1])]);
        assert_eq!(
            changes[1..],
            [Change::Retire(id(2)), Change::Confirm(id(3))]
        );
    }

    #[test]
    fn one_conversation_adds_a_bounded_number() {
        let many =
            (0..100).map(|n| found(FactKind::Interest, &format!("Likes number {n}"), &[], &[]));
        assert_eq!(merge(&[], many.collect(), &[], &[]).len(), MOST_NEW_FACTS);
    }

    #[test]
    fn a_long_text_ends_with_a_sentence_or_a_word_in_any_script() {
        assert_eq!(bounded("  Short.  ", 100), "Short.");
        assert_eq!(
            bounded("One two three. Four five six", 20),
            "One two three."
        );
        assert_eq!(
            bounded("One two three four five six", 20),
            "One two three four"
        );
        assert_eq!(bounded("今日は。とても良い天気ですね", 6), "今日は。");
        assert_eq!(bounded("ααααααααααα", 5), "ααααα");
    }
}
