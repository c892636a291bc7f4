//! How much a brief tells of what the learner uploaded: names and passages, each shortened rather than left out.

use super::brief::estimated_tokens;
use crate::documents::brief::{Materials, ToldPassage};

/// How many tokens materials may take, the words around them included.
pub(super) const SHARE: usize = 600;
/// How many of them the names of documents may take, with what is said about documents at all.
const NAMES_SHARE: usize = 240;
/// How long a name, and a source with its page, may be, in tokens.
const NAME: usize = 24;
const SOURCE: usize = 32;
/// What stands around a passage, in tokens.
const AROUND: usize = 10;

/// Shortens materials to a share of tokens. The same materials come out the same.
pub(super) fn within(materials: Materials, share: usize) -> Materials {
    let mut told = Materials::default();
    for name in &materials.names {
        told.names.push(shortened(name, NAME));
        if tokens(&told) > NAMES_SHARE.min(share) {
            told.names.pop();
            break;
        }
    }
    let mut passages_left = materials.passages.len();
    for passage in materials.passages {
        let left = share.saturating_sub(tokens(&told)) / passages_left;
        passages_left -= 1;
        let source = shortened(&passage.source, SOURCE);
        let Some(room) = left.checked_sub(estimated_tokens(&source) + AROUND) else {
            continue;
        };
        let text = beginning(&passage.text, room);
        told.passages.push(ToldPassage { source, text });
    }
    told
}

fn tokens(materials: &Materials) -> usize {
    estimated_tokens(&materials.note().unwrap_or_default())
}

/// Leaves out the middle of a text that is too long: its end is the kind of a file, or a page.
fn shortened(text: &str, most: usize) -> String {
    if estimated_tokens(text) <= most {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let end: String = letters[letters.len().saturating_sub(12)..].iter().collect();
    let room = most.saturating_sub(estimated_tokens(&end) + 1);
    format!("{}…{end}", beginning(text, room))
}

/// Returns as much of the beginning as so many tokens hold.
fn beginning(text: &str, most: usize) -> String {
    let quarters = |letter: char| if letter.is_ascii() { 1 } else { 4 };
    let mut left = most * 4;
    let fits = |letter: &char| {
        let fits = quarters(*letter) <= left;
        left = left.saturating_sub(quarters(*letter));
        fits
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_stays_as_it_is() {
        let materials = Materials {
            names: vec!["lease.pdf".into()],
            passages: vec![ToldPassage {
                source: "lease.pdf, page 3".into(),
                text: "No pets.".into(),
            }],
        };
        assert_eq!(within(materials.clone(), SHARE), materials);
        assert_eq!(within(Materials::default(), SHARE), Materials::default());
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        let name = format!("{}.pdf", "grammar ".repeat(40));
        let short = shortened(&name, NAME);
        assert!(short.starts_with("grammar grammar") && short.ends_with(".pdf"));
        assert!(estimated_tokens(&short) <= NAME + 1, "{short}");
        let short = shortened(&"文法".repeat(100), NAME);
        assert!(estimated_tokens(&short) <= NAME, "{short}");
    }
}
