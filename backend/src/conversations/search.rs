//! Finding words in one's own turns. The words are encrypted, so they are read one by one, newest first: the learner's own, and
//! no more of them than the page needs.

use sqlx::PgPool;
use uuid::Uuid;

use super::answers::TurnAnswer;
use super::store::{self, Place};
use crate::content::ContentKeys;

/// How many turns are fetched at once.
const BATCH: i64 = 200;
/// How many turns one call reads at most; the cursor goes on from there.
const MOST_READ: usize = 5_000;

/// Words that are looked for: all of them, anywhere in a turn, in capitals or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(Vec<String>);

impl Wanted {
    /// Reads what was typed. None when there is nothing to look for, or too much.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const LONGEST: usize = 200;
        if text.chars().count() > LONGEST {
            return None;
        }
        let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Returns whether they are all in it.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.0.iter().all(|word| text.contains(word))
    }
}

/// A turn that was found.
#[derive(Debug)]
pub struct Hit {
    /// Where.
    pub conversation: Uuid,
    /// The turn, with its words.
    pub turn: TurnAnswer,
}

/// Looks through a learner's turns from below `before`. Returns what was found, and where to go on if there may be more.
///
/// # Errors
/// When the database fails.
pub async fn search(
    pool: &PgPool,
    keys: &ContentKeys,
    user: Uuid,
    wanted: &Wanted,
    mut before: Option<Place>,
    limit: usize,
) -> sqlx::Result<(Vec<Hit>, Option<Place>)> {
    let mut found = Vec::new();
    for _ in 0..MOST_READ / usize::try_from(BATCH).unwrap_or(1) {
        let batch = store::owned_turns(pool, user, before, BATCH).await?;
        let is_last = i64::try_from(batch.len()).is_ok_and(|count| count < BATCH);
        for (place, turn) in batch {
            before = Some(place);
            let turn = TurnAnswer::new(turn, keys);
            if wanted.are_in(&turn.text) {
                found.push(Hit {
                    conversation: place.conversation,
                    turn,
                });
            }
            if found.len() == limit {
                return Ok((found, before));
            }
        }
        if is_last {
            return Ok((found, None));
        }
    }
    Ok((found, before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_are_looked_for_in_any_order_and_case_and_script() {
        let wanted = Wanted::parse(" LISBOA  mai ").unwrap();
        assert!(wanted.are_in("Em maio vou a Lisboa."));
        assert!(!wanted.are_in("Em junho vou a Lisboa."));
        assert!(Wanted::parse("ÉTÉ").unwrap().are_in("l’été dernier"));
        assert!(Wanted::parse("नमस्ते").unwrap().are_in("नमस्ते, आदा!"));
    }

    #[test]
    fn nothing_and_too_much_are_not_looked_for() {
        assert_eq!(Wanted::parse("  \n"), None);
        assert_eq!(Wanted::parse(&"a".repeat(201)), None);
    }
}
