//! The few lines of a session description that we read ourselves.

/// Returns whether all candidates are in it.
pub(super) fn is_complete(sdp: &str) -> bool {
    sdp.lines()
        .any(|line| line.trim_end() == "a=end-of-candidates")
}

/// Returns the id under which packets carry their audio level.
pub(super) fn level_extension(sdp: &str) -> Option<u8> {
    sdp.lines().find_map(|line| {
        let (id, uri) = line.trim_end().strip_prefix("a=extmap:")?.split_once(' ')?;
        if uri.split(' ').next() != Some(LEVEL_URI) {
            return None;
        }
        id.split('/').next()?.parse().ok()
    })
}

/// Names the audio level extension (RFC 6464).
pub(super) const LEVEL_URI: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_extension_is_found_with_and_without_a_direction() {
        assert_eq!(
            level_extension("a=extmap:3 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"),
            Some(3)
        );
        assert_eq!(
            level_extension(
                "a=extmap:4/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on"
            ),
            Some(4)
        );
        assert_eq!(
            level_extension("a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid"),
            None
        );
    }

    #[test]
    fn a_description_is_complete_with_its_last_candidate() {
        assert!(is_complete("v=0\r\na=end-of-candidates\r\n"));
        assert!(!is_complete("v=0\r\na=candidate:1 1 udp\r\n"));
    }
}
