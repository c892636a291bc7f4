//! Cuts text into passages that make sense alone and fit an embedding model.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use text_splitter::{ChunkConfig, ChunkSizer, MarkdownSplitter, TextSplitter};

use crate::formats::{Markup, Section};
use crate::{Passage, Reading};

/// A small sentence transformer reads 256 tokens; what is longer it does not see.
const TOKENS: std::ops::Range<usize> = 140..220;
/// A sentence that falls on a cut is whole in one of the two.
const OVERLAP_TOKENS: usize = 30;
/// More than a long textbook has.
const MAX_PASSAGES: usize = 4_000;
const LONGEST_HEADING: usize = 200;
/// Enough to tell a language.
const LANGUAGE_SAMPLE: usize = 20_000;

/// Cuts sections into passages, as many as are taken.
pub(crate) fn cut(title: Option<String>, sections: &[Section], is_cut: bool) -> Reading {
    let config = || {
        ChunkConfig::new(TOKENS)
            .with_sizer(Tokens)
            .with_overlap(OVERLAP_TOKENS)
            .expect("the overlap is smaller than a passage")
    };
    let (markdown, plain) = (MarkdownSplitter::new(config()), TextSplitter::new(config()));
    let mut reading = Reading {
        title,
        language: language(sections),
        passages: Vec::new(),
        is_cut,
    };
    for section in sections {
        let headings = match section.markup {
            Markup::Markdown => headings(&section.text),
            Markup::None => Vec::new(),
        };
        let pieces: Box<dyn Iterator<Item = (usize, &str)>> = match section.markup {
            Markup::Markdown => Box::new(markdown.chunk_indices(&section.text)),
            Markup::None => Box::new(plain.chunk_indices(&section.text)),
        };
        for (start, text) in pieces {
            if !text.chars().any(char::is_alphanumeric) {
                continue;
            }
            if reading.passages.len() == MAX_PASSAGES {
                reading.is_cut = true;
                return reading;
            }
            let above = headings.iter().rev().find(|heading| heading.start <= start);
            reading.passages.push(Passage {
                place: section.place,
                heading: above.map(|heading| heading.text.clone()),
                text: text.to_owned(),
            });
        }
    }
    reading
}

/// Counts roughly what a tokenizer would: four letters of an alphabet are a token, and so is one sign of a script with many.
struct Tokens;

impl ChunkSizer for Tokens {
    fn size(&self, chunk: &str) -> usize {
        let (mut letters, mut signs) = (0, 0);
        for letter in chunk.chars() {
            if u32::from(letter) < 0x2E80 {
                letters += 1;
            } else {
                signs += 1;
            }
        }
        usize::div_ceil(letters, 4) + signs
    }
}

struct Heading {
    start: usize,
    text: String,
}

fn headings(text: &str) -> Vec<Heading> {
    let mut found = Vec::new();
    let mut open: Option<Heading> = None;
    for (event, range) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                open = Some(Heading {
                    start: range.start,
                    text: String::new(),
                });
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut open {
                    heading.text.push_str(&words);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                found.extend(open.take().and_then(|heading| {
                    let text = heading
                        .text
                        .trim()
                        .chars()
                        .take(LONGEST_HEADING)
                        .collect::<String>();
                    (!text.is_empty()).then_some(Heading { text, ..heading })
                }));
            }
            _ => {}
        }
    }
    found
}

fn language(sections: &[Section]) -> Option<String> {
    let mut sample = String::new();
    for section in sections {
        let room = LANGUAGE_SAMPLE.saturating_sub(sample.len());
        if room == 0 {
            break;
        }
        sample.extend(section.text.chars().take(room));
        sample.push('\n');
    }
    let found = whatlang::detect(&sample)?;
    found.is_reliable().then(|| found.lang().code().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;

    fn section(markup: Markup, text: &str) -> Section {
        Section {
            place: Some(Place::Page(3)),
            markup,
            text: text.to_owned(),
        }
    }

    #[test]
    fn passages_fit_the_model_know_their_place_and_lose_no_word() {
        let words: Vec<String> = (0..2_000).map(|number| format!("word{number}.")).collect();
        let reading = cut(None, &[section(Markup::None, &words.join(" "))], false);
        assert!(reading.passages.len() > 10);
        for passage in &reading.passages {
            assert!(Tokens.size(&passage.text) <= TOKENS.end, "{}", passage.text);
            assert_eq!(passage.place, Some(Place::Page(3)));
        }
        for word in words {
            assert!(
                reading
                    .passages
                    .iter()
                    .any(|passage| passage.text.contains(&word))
            );
        }
    }

    #[test]
    fn a_passage_knows_the_heading_that_it_stands_under() {
        let long = "The subjunctive is used after verbs of doubt. ".repeat(30);
        let text = format!(
            "# Verbs\n\nIntroduction.\n\n## The `subjunctive`\n\n{long}\n\n## Adverbs\n\n{long}"
        );
        let reading = cut(None, &[section(Markup::Markdown, &text)], false);
        let under = |heading: &str| {
            let of = |passage: &&Passage| passage.heading.as_deref() == Some(heading);
            reading.passages.iter().filter(of).count()
        };
        assert!(under("Verbs") >= 1 && under("The subjunctive") >= 1 && under("Adverbs") >= 2);
        assert_eq!(reading.language.as_deref(), Some("eng"));
    }

    #[test]
    fn signs_count_more_than_letters() {
        assert_eq!(Tokens.size("four"), 1);
        assert_eq!(Tokens.size("日本語"), 3);
        let reading = cut(
            None,
            &[section(Markup::None, &"猫は窓辺で眠っている。".repeat(100))],
            false,
        );
        assert!(
            reading
                .passages
                .iter()
                .all(|passage| passage.text.chars().count() <= TOKENS.end)
        );
        assert_eq!(reading.language.as_deref(), Some("jpn"));
    }

    #[test]
    fn a_document_without_end_is_cut() {
        let text = "Nothing but the same words, again and again. ".repeat(200_000);
        let reading = cut(None, &[section(Markup::None, &text)], false);
        assert_eq!(reading.passages.len(), MAX_PASSAGES);
        assert!(reading.is_cut);
    }
}
