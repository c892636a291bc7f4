//! What is in the database, held against what the learners saw.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Utc;
use tokio::time::Instant;
use uuid::Uuid;

use crate::learner::{Learner, Seen};
use crate::stack::Stack;
use crate::witness::{Deed, What};

/// A turn as it was kept.
#[derive(Debug, Clone)]
pub struct Kept {
    pub seq: i32,
    pub is_tutors: bool,
    /// None while the words are still to come.
    pub text: Option<String>,
    pub interrupted: bool,
    /// From the turn's end to the commit of its row.
    pub late_ms: f64,
}

/// Reads the turns of a conversation.
pub async fn kept(stack: &Stack, conversation: Uuid) -> Vec<Kept> {
    type Row = (
        Uuid,
        i32,
        String,
        Option<Vec<u8>>,
        Option<Vec<u8>>,
        Option<String>,
        bool,
        f64,
    );
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, seq, speaker, words_ciphertext, words_nonce, words_key_id, interrupted,
                (SELECT extract(epoch FROM pg_xact_commit_timestamp(w.xmin) - t.ended_at)::float8 * 1000
                 FROM witness w WHERE w.conversation = t.conversation_id AND w.seq = t.seq AND w.what = 'INSERT')
         FROM turns t WHERE conversation_id = $1 ORDER BY seq",
    )
    .bind(conversation)
    .fetch_all(&stack.pool)
    .await
    .unwrap();
    let turns = rows.into_iter().map(
        |(id, seq, speaker, ciphertext, nonce, key_id, interrupted, late_ms)| {
            let sealed = ciphertext.map(|ciphertext| avaaz_backend::content::SealedWords {
                ciphertext,
                nonce: nonce.unwrap(),
                key_id: key_id.unwrap(),
            });
            Kept {
                seq,
                is_tutors: speaker == "tutor",
                text: sealed.map(|sealed| stack.keys.open(id, &sealed).unwrap()),
                interrupted,
                late_ms,
            }
        },
    );
    turns.collect()
}

/// No gap, none twice, none out of order: the numbers of the rows and the numbers in their words both only grow.
pub fn is_in_order(conversation: Uuid, turns: &[Kept]) {
    for (seq, turn) in (1..).zip(turns) {
        assert_eq!(turn.seq, seq, "{conversation}: {turns:#?}");
    }
    for (is_tutors, word) in [(true, "Answer "), (false, "Question ")] {
        let mut last = 0;
        for turn in turns.iter().filter(|turn| turn.is_tutors == is_tutors) {
            let text = turn.text.as_deref().unwrap_or_default();
            let Some(number) = text.strip_prefix(word).map(leading_number) else {
                continue;
            };
            let is_next = number > last || (number == last && is_tutors);
            assert!(
                is_next,
                "{conversation}: {text:?} comes after {last}; {turns:#?}"
            );
            last = number;
        }
        let whole = turns
            .iter()
            .filter(|turn| turn.is_tutors == is_tutors && !turn.interrupted);
        let mut texts: Vec<_> = whole
            .filter_map(|turn| turn.text.as_deref())
            .filter(|text| !text.is_empty())
            .collect();
        let count = texts.len();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(
            texts.len(),
            count,
            "{conversation}: a turn is there twice; {turns:#?}"
        );
    }
    let greetings = turns
        .iter()
        .filter(|turn| turn.text.as_deref() == Some("Hello Ada."))
        .count();
    assert!(greetings <= 1, "{conversation}: {turns:#?}");
}

/// What a turn was shown as, or is kept as: by whom, and its words.
type Words<'a> = (bool, &'a str);

/// Every turn that is kept was shown, with its speaker and its words. Where a runtime died, words that were just shown may not
/// be kept.
pub fn was_shown(conversation: Uuid, seen: &Seen, turns: &[Kept], somebody_died: bool) {
    let shown = shown(seen);
    for turn in turns {
        let text = turn.text.as_deref().unwrap_or_default();
        let as_shown = shown.get(&turn.seq).copied();
        let fits = match as_shown {
            Some(as_shown) => {
                as_shown == (turn.is_tutors, text) || (somebody_died && text.is_empty())
            }
            None => text.is_empty(),
        };
        assert!(
            fits,
            "{conversation}: {turn:?} was shown as {as_shown:?}; {turns:#?}"
        );
    }
}

/// Every turn that was shown whole is kept.
pub fn was_kept(conversation: Uuid, seen: &Seen, turns: &[Kept]) {
    for (seq, (is_tutors, text)) in shown(seen) {
        let turn = turns.iter().find(|turn| turn.seq == seq);
        let kept = turn.map(|turn| (turn.is_tutors, turn.text.as_deref().unwrap_or_default()));
        assert_eq!(
            kept,
            Some((is_tutors, text)),
            "{conversation}: turn {seq}; {turns:#?}"
        );
    }
}

fn shown(seen: &Seen) -> BTreeMap<i32, Words<'_>> {
    let whole = seen.segments.iter().filter(|(_, segment)| segment.is_final);
    whole
        .map(|(number, segment)| {
            // A turn without words is shown as a space of no width.
            let text = segment.text.trim_matches('\u{200B}');
            (i32::try_from(*number).unwrap(), (segment.is_tutors, text))
        })
        .collect()
}

/// Whoever lost a conversation to another wrote nothing more.
pub fn only_holders_wrote(deeds: &[Deed]) {
    let mut holders: BTreeMap<Uuid, &str> = BTreeMap::new();
    for deed in deeds {
        if deed.what == What::Claim {
            holders.insert(deed.conversation, &deed.who);
        } else {
            assert_eq!(
                holders.get(&deed.conversation),
                Some(&&*deed.who),
                "{} wrote turn {} of {} without its lease",
                deed.who,
                deed.seq,
                deed.conversation
            );
        }
    }
}

/// From the moment in which a learner's words were shown to their being kept, for those that came after their turn's row.
pub fn lateness_of_words(learner: &Learner, deeds: &[Deed]) -> Vec<Duration> {
    let seen = learner.seen();
    let (now, now_by_day) = (Instant::now(), Utc::now());
    let own = deeds
        .iter()
        .filter(|deed| deed.conversation == learner.conversation);
    let mut writers = BTreeMap::new();
    let mut lateness = Vec::new();
    for deed in own {
        if deed.what == What::Turn {
            writers.insert(deed.seq, &deed.who);
        }
        // Whoever takes over settles the words that nobody knows any more.
        let is_writers = writers.get(&deed.seq) == Some(&&deed.who);
        let number = u32::try_from(deed.seq).unwrap();
        if deed.what == What::Words
            && is_writers
            && let Some(segment) = seen.segments.get(&number)
            && !segment.is_tutors
        {
            let ago = (now_by_day - deed.at).to_std().unwrap_or_default();
            lateness.push((now - segment.at).saturating_sub(ago));
        }
    }
    lateness
}

/// Middle, 95th percentile and worst.
pub fn spread(mut values: Vec<Duration>) -> String {
    values.sort_unstable();
    let Some(worst) = values.last() else {
        return "none".to_owned();
    };
    let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize].as_millis();
    format!(
        "{} / {} / {} ms (p50 / p95 / worst of {})",
        at(0.5),
        at(0.95),
        worst.as_millis(),
        values.len()
    )
}

fn leading_number(text: &str) -> u32 {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}
