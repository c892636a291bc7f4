//! Web pages: what a person would read on them. Scripts and styles are no text, and nothing is ever fetched.

use html2text::config;

use crate::Failure;

/// Wider than a paragraph: lines are broken where the passages are cut, not by us.
const WIDTH: usize = 20_000;

/// Returns the words of a page, with headings as Markdown has them.
pub(super) fn text(page: &str) -> Result<String, Failure> {
    config::plain()
        .link_footnotes(false)
        .raw_mode(true)
        .string_from_read(page.as_bytes(), WIDTH)
        .map_err(|_| Failure::Damaged)
}
