//! One module for each kind of document: bytes in, sections of text out.

mod epub;
mod html;
mod office;
mod pdf;
mod text;

use crate::{Failure, Kind, Place, Reading, passages};

/// More than a long textbook has.
const MAX_TEXT_BYTES: usize = 4 * 1024 * 1024;
const LONGEST_TITLE: usize = 200;

/// Part of a document: a page, a slide, a chapter, or all of it.
pub(crate) struct Section {
    pub(crate) place: Option<Place>,
    pub(crate) markup: Markup,
    pub(crate) text: String,
}

/// How the text of a section says what is a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Markup {
    Markdown,
    None,
}

/// Reads a document into passages.
///
/// # Errors
/// Why there is nothing to read.
pub fn read(kind: Kind, file: Vec<u8>) -> Result<Reading, Failure> {
    let mut found = Found::default();
    match kind {
        Kind::Pdf => pdf::read(&file, &mut found)?,
        Kind::Docx => office::read_docx(file, &mut found)?,
        Kind::Pptx => office::read_pptx(file, &mut found)?,
        Kind::Html => found.add(None, Markup::Markdown, &html::text(&text::decode(&file)?)?),
        Kind::Markdown => found.add(None, Markup::Markdown, &text::decode(&file)?),
        Kind::Text => found.add(None, Markup::None, &text::decode(&file)?),
        Kind::Epub => epub::read(file, &mut found)?,
    }
    let reading = passages::cut(found.title, &found.sections, found.is_full);
    if reading.passages.is_empty() {
        return Err(Failure::NoText);
    }
    Ok(reading)
}

/// What was found so far, as much as is taken.
#[derive(Default)]
struct Found {
    title: Option<String>,
    sections: Vec<Section>,
    bytes: usize,
    is_full: bool,
}

impl Found {
    fn set_title(&mut self, title: Option<&str>) {
        let title = title.map(|title| title.trim().chars().filter(|c| !c.is_control()));
        self.title = title
            .map(|title| title.take(LONGEST_TITLE).collect::<String>())
            .filter(|title| !title.is_empty());
    }

    fn add(&mut self, place: Option<Place>, markup: Markup, text: &str) {
        let mut text = clean(text);
        let room = MAX_TEXT_BYTES - self.bytes;
        if text.len() > room {
            text.truncate(text.floor_char_boundary(room));
            self.is_full = true;
        }
        self.bytes += text.len();
        if !text.is_empty() {
            self.sections.push(Section {
                place,
                markup,
                text,
            });
        }
    }
}

/// Lines without trailing blanks, at most one empty line in a row, nothing that is not text.
fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut empty_lines = 0;
    for line in text.lines() {
        let line: String = line
            .chars()
            .map(|c| if c == '\t' || c == '\u{a0}' { ' ' } else { c })
            .filter(|c| !c.is_control() && !matches!(c, '\u{ad}' | '\u{feff}' | '\u{fffd}'))
            .collect();
        let line = line.trim_end();
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        if !cleaned.is_empty() {
            cleaned.push_str(if empty_lines > 0 { "\n\n" } else { "\n" });
        }
        empty_lines = 0;
        cleaned.push_str(line);
    }
    cleaned
}

#[cfg(test)]
mod tests;
