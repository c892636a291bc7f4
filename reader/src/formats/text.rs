//! Text in whatever encoding.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

use crate::Failure;

/// Returns the text. The encoding is what a mark at the beginning says, else UTF-8, else the best guess.
pub(super) fn decode(file: &[u8]) -> Result<String, Failure> {
    if let Some((encoding, _)) = Encoding::for_bom(file) {
        return Ok(encoding.decode(file).0.into_owned());
    }
    if file.contains(&0) {
        return Err(Failure::WrongType);
    }
    if let Ok(text) = std::str::from_utf8(file) {
        return Ok(text.to_owned());
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(file, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    Ok(guess.decode_without_bom_handling(file).0.into_owned())
}
