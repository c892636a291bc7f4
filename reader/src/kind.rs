//! What kinds of documents are read, and how one is told from another.

use serde::{Deserialize, Serialize};

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Portable Document Format.
    Pdf,
    /// A text of Word.
    Docx,
    /// Slides of PowerPoint.
    Pptx,
    /// A web page.
    Html,
    /// Markdown.
    Markdown,
    /// Plain text.
    Text,
    /// An electronic book.
    Epub,
}

/// A PDF may begin with other bytes; readers look for its mark this far.
const PDF_MARK_WITHIN: usize = 1024;

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Pdf,
        Self::Docx,
        Self::Pptx,
        Self::Html,
        Self::Markdown,
        Self::Text,
        Self::Epub,
    ];

    /// How many of the first bytes [`Self::fits`] wants to see.
    pub const HEAD_BYTES: usize = 8 * 1024;

    /// Returns the kind that a file's name promises.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        if stem.is_empty() {
            return None;
        }
        Some(match extension.to_ascii_lowercase().as_str() {
            "pdf" => Self::Pdf,
            "docx" => Self::Docx,
            "pptx" => Self::Pptx,
            "html" | "htm" | "xhtml" => Self::Html,
            "md" | "markdown" => Self::Markdown,
            "txt" | "text" => Self::Text,
            "epub" => Self::Epub,
            _ => return None,
        })
    }

    /// Returns the kind that this word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Returns its word, in the API and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Pptx => "pptx",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Text => "text",
            Self::Epub => "epub",
        }
    }

    /// Returns whether a file that begins like this can be of the kind. What it really holds is found out by reading it.
    #[must_use]
    pub fn fits(self, head: &[u8]) -> bool {
        let seen = infer::get(head).map(|found| found.extension());
        match self {
            Self::Pdf => head[..head.len().min(PDF_MARK_WITHIN)]
                .windows(5)
                .any(|window| window == b"%PDF-"),
            // A package whose first entries say nothing of its kind is seen as the ZIP file that it is.
            Self::Docx => matches!(seen, Some("docx" | "zip")),
            Self::Pptx => matches!(seen, Some("pptx" | "zip")),
            Self::Epub => matches!(seen, Some("epub" | "zip")),
            Self::Html | Self::Markdown | Self::Text => is_text(head),
        }
    }
}

/// Text of whatever encoding: nothing that begins like a known binary format, and no NUL outside of UTF-16.
fn is_text(head: &[u8]) -> bool {
    let is_utf16 = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
    let is_binary =
        infer::get(head).is_some_and(|found| found.matcher_type() != infer::MatcherType::Text);
    is_utf16 || (!is_binary && !head.contains(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_promises_a_kind() {
        assert_eq!(Kind::of_name("notes.PDF"), Some(Kind::Pdf));
        assert_eq!(Kind::of_name("a.b.docx"), Some(Kind::Docx));
        assert_eq!(Kind::of_name("page.HTM"), Some(Kind::Html));
        for none in ["", "notes", ".pdf", "notes.exe", "notes.pdf.exe", "notes."] {
            assert_eq!(Kind::of_name(none), None, "{none:?}");
        }
    }

    #[test]
    fn words_and_kinds_belong_together() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(Kind::from_word("exe"), None);
    }

    #[test]
    fn the_first_bytes_must_fit_the_name() {
        let pdf = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n";
        let zip = b"PK\x03\x04\x14\x00\x00\x00\x08\x00";
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        let elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0";
        assert!(Kind::Pdf.fits(pdf));
        assert!(Kind::Pdf.fits(&[b"\xEF\xBB\xBF\n".as_slice(), pdf].concat()));
        assert!(Kind::Docx.fits(zip) && Kind::Epub.fits(zip));
        for kind in Kind::ALL {
            assert!(!kind.fits(png), "{kind:?}");
            assert!(!kind.fits(elf), "{kind:?}");
        }
        for kind in [Kind::Text, Kind::Html, Kind::Markdown] {
            assert!(!kind.fits(pdf) && !kind.fits(zip), "{kind:?}");
            assert!(kind.fits(b"<!doctype html><p>Ol\xC3\xA1"), "{kind:?}");
            assert!(kind.fits("Bonjour à tous".as_bytes()), "{kind:?}");
            assert!(kind.fits(b"caf\xE9 in an old encoding"), "{kind:?}");
            assert!(kind.fits(b"\xFF\xFEh\0i\0"), "{kind:?}");
        }
        assert!(!Kind::Pdf.fits(b"hello") && !Kind::Docx.fits(pdf));
    }
}
