//! Electronic books, chapter by chapter.

use std::io::Cursor;

use rbook::Epub;
use rbook::ebook::errors::{ArchiveError, EbookError};

use super::{Found, Markup, html};
use crate::Failure;

pub(super) fn read(file: Vec<u8>, found: &mut Found) -> Result<(), Failure> {
    let book = Epub::options()
        .skip_toc(true)
        .read(Cursor::new(file))
        .map_err(failure)?;
    found.set_title(book.metadata().title().map(|title| title.value()));
    let mut chapter_failed = false;
    for chapter in book.reader() {
        // A book with one broken chapter is still worth reading.
        match chapter.map(|chapter| html::text(chapter.content())) {
            Ok(Ok(text)) => found.add(None, Markup::Markdown, &text),
            Ok(Err(_)) | Err(_) => chapter_failed = true,
        }
        if found.is_full {
            break;
        }
    }
    if found.sections.is_empty() && chapter_failed {
        return Err(Failure::Damaged);
    }
    Ok(())
}

fn failure(error: EbookError) -> Failure {
    match error {
        // An archive without a book's table of contents is another archive.
        EbookError::Format(_) | EbookError::Archive(ArchiveError::InvalidResource { .. }) => {
            Failure::WrongType
        }
        _ => Failure::Damaged,
    }
}
