//! Word and PowerPoint.

use std::collections::HashMap;

use undoc::docx::DocxParser;
use undoc::model::Section;
use undoc::pptx::PptxParser;
use undoc::render::{RenderOptions, render_section_to_string};
use undoc::{Document, Error, FormatType};

use super::{Found, Markup};
use crate::{Failure, Place};

pub(super) fn read_docx(file: Vec<u8>, found: &mut Found) -> Result<(), Failure> {
    let parsed = DocxParser::from_bytes(file).and_then(|mut parser| parser.parse());
    add(&parsed.map_err(failure)?, found, |_| None);
    Ok(())
}

pub(super) fn read_pptx(file: Vec<u8>, found: &mut Found) -> Result<(), Failure> {
    let parsed = PptxParser::from_bytes(file).and_then(|mut parser| parser.parse());
    let slide = |section: &Section| u32::try_from(section.index + 1).ok().map(Place::Slide);
    add(&parsed.map_err(failure)?, found, slide);
    Ok(())
}

fn add(document: &Document, found: &mut Found, place: impl Fn(&Section) -> Option<Place>) {
    let rendering = RenderOptions {
        include_images: false,
        escape_special_chars: false,
        ..RenderOptions::default()
    };
    found.set_title(document.metadata.title.as_deref());
    for section in &document.sections {
        let (format, no_images): (FormatType, HashMap<String, String>) =
            (document.format, HashMap::new());
        let text = render_section_to_string(section, section.index, format, &rendering, &no_images);
        found.add(place(section), Markup::Markdown, &text);
        if found.is_full {
            return;
        }
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Encrypted => Failure::Encrypted,
        Error::MissingComponent(_) | Error::UnknownFormat | Error::UnsupportedFormat(_) => {
            Failure::WrongType
        }
        _ => Failure::Damaged,
    }
}
