//! PDF, page by page.

use std::ops::ControlFlow;

use unpdf::render::{RenderOptions, to_markdown};
use unpdf::{Document, Error, PageStreamOptions, ParseEvent, ParseOptions, PdfParser};

use super::{Found, Markup};
use crate::{Failure, Place};

/// The mark at the end must be this near to it. A file without one was cut off, and what is left of it would be taken for all.
const END_WITHIN: usize = 4 * 1024;

pub(super) fn read(file: &[u8], found: &mut Found) -> Result<(), Failure> {
    let tail = &file[file.len().saturating_sub(END_WITHIN)..];
    if !tail.windows(5).any(|window| window == b"%%EOF") {
        return Err(Failure::Damaged);
    }
    let options = ParseOptions::new().lenient().sequential();
    let pages = PageStreamOptions::from(&options);
    let rendering = RenderOptions {
        escape_special_chars: false,
        ..RenderOptions::default()
    };
    let parser = PdfParser::from_bytes_with_options(file, options).map_err(failure)?;
    let mut page_failed = false;
    let read = parser.for_each_page(pages, |event| {
        match event {
            ParseEvent::DocumentStart { metadata, .. } => {
                found.set_title(metadata.title.as_deref());
            }
            ParseEvent::PageParsed(page) => {
                let number = page.number;
                let mut alone = Document::new();
                alone.add_page(page);
                match to_markdown(&alone, &rendering) {
                    Ok(text) => found.add(Some(Place::Page(number)), Markup::Markdown, &text),
                    Err(_) => page_failed = true,
                }
            }
            ParseEvent::PageFailed { .. } => page_failed = true,
            ParseEvent::Progress { .. } | ParseEvent::DocumentEnd { .. } => {}
        }
        if found.is_full {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    read.map_err(failure)?;
    if found.sections.is_empty() && page_failed {
        return Err(Failure::Damaged);
    }
    Ok(())
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Encrypted | Error::InvalidPassword => Failure::Encrypted,
        Error::UnknownFormat => Failure::WrongType,
        _ => Failure::Damaged,
    }
}
