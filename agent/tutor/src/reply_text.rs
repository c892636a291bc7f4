//! Which words of a reply were heard.

use std::time::Duration;

use unicode_segmentation::UnicodeSegmentation;

/// A word counts as heard only so long after its estimated end: better a word too few than one that nobody heard.
const MARGIN: Duration = Duration::from_millis(80);
/// The slowest speech that is reckoned with while a reply is incomplete, in bytes of UTF-8 a second.
const SLOW_BYTES_PER_SECOND: f64 = 18.0;

/// How far a reply has come, in positions of the provider's audio.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// Where the voice begins.
    pub(crate) voice_from: Duration,
    /// How much was received.
    pub(crate) received: Duration,
    /// How much was heard.
    pub(crate) heard: Duration,
    /// Whether nothing more will be received.
    pub(crate) complete: bool,
}

/// The words of a reply, each piece with the position that the audio had reached when it came.
///
/// Providers send no word times. A piece is taken to be spoken between its own arrival and the next one's (in the order of
/// the stream, which is what the arrival says), and never earlier than its share of the whole.
#[derive(Debug, Default)]
pub(crate) struct ReplyText {
    text: String,
    /// (first byte, audio received by then); the positions grow strictly.
    pieces: Vec<(usize, Duration)>,
}

impl ReplyText {
    /// Takes the next piece, at so much received audio.
    pub(crate) fn append(&mut self, delta: &str, received: Duration) {
        if delta.is_empty() {
            return;
        }
        // Words that come after all their audio would otherwise never count: the first piece always begins with the voice.
        let at = if self.pieces.is_empty() {
            Duration::ZERO
        } else {
            received
        };
        if self.pieces.last().is_none_or(|(_, last)| at > *last) {
            self.pieces.push((self.text.len(), at));
        }
        self.text.push_str(delta);
    }

    /// Returns all words.
    pub(crate) fn whole(&self) -> &str {
        &self.text
    }

    /// Returns the byte up to which the words were heard, a word's end; the search begins at `from`, an earlier result.
    pub(crate) fn heard_until(&self, from: usize, progress: Progress) -> usize {
        if progress.complete
            && progress.heard + Duration::from_millis(5) >= progress.received
            && !progress.received.is_zero()
        {
            return self.text.len();
        }
        let Some(rest) = self.text.get(from..) else {
            return from;
        };
        let mut until = from;
        for (offset, segment) in rest.split_word_bound_indices() {
            let end = from + offset + segment.len();
            if segment.chars().any(char::is_alphanumeric) {
                if self.spoken_by(end, progress) + MARGIN > progress.heard {
                    break;
                }
                until = end;
            } else if until == from + offset
                && !segment.chars().all(char::is_whitespace)
                && until > 0
            {
                // Punctuation makes no sound; it belongs to the word before it.
                until = end;
            }
        }
        until
    }

    /// Estimates when the word that ends at this byte has been spoken; rather too late.
    fn spoken_by(&self, end: usize, progress: Progress) -> Duration {
        let received = progress.received;
        let next = self.pieces.partition_point(|(first, _)| *first < end);
        let (first, at) = self.pieces[next.saturating_sub(1)];
        let (next_first, next_at) = self.pieces.get(next).copied().unwrap_or_else(|| {
            let slowest =
                Duration::from_secs_f64((self.text.len() - first) as f64 / SLOW_BYTES_PER_SECOND);
            (
                self.text.len(),
                if progress.complete {
                    received
                } else {
                    received.max(at + slowest)
                },
            )
        });
        let by_piece = at
            + next_at
                .saturating_sub(at)
                .mul_f64(share(end - first, next_first - first));

        let voice = received.saturating_sub(progress.voice_from);
        let by_share = progress.voice_from + voice.mul_f64(share(end, self.text.len()));
        by_piece.max(by_share)
    }
}

#[expect(clippy::cast_precision_loss, reason = "texts are short")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn progress(received: u64, heard: u64, complete: bool) -> Progress {
        Progress {
            voice_from: Duration::ZERO,
            received: ms(received),
            heard: ms(heard),
            complete,
        }
    }

    fn heard(text: &ReplyText, progress: Progress) -> &str {
        &text.whole()[..text.heard_until(0, progress)]
    }

    /// Words of 400 ms each; the text runs ahead of the audio by `lead` words.
    fn spoken(words: &[&str], lead: usize) -> ReplyText {
        let mut text = ReplyText::default();
        for (n, word) in words.iter().enumerate() {
            text.append(word, ms(400 * n.saturating_sub(lead) as u64));
        }
        text
    }

    const WORDS: [&str; 6] = ["Shall", " we", " talk", " about", " your", " weekend?"];

    #[test]
    fn everything_was_heard_when_all_audio_was() {
        assert_eq!(
            heard(&spoken(&WORDS, 0), progress(2400, 2400, true)),
            "Shall we talk about your weekend?"
        );
    }

    #[test]
    fn a_cut_falls_on_the_end_of_a_word_that_was_heard() {
        let text = spoken(&WORDS, 0);
        assert_eq!(heard(&text, progress(2400, 0, true)), "");
        assert_eq!(heard(&text, progress(2400, 500, true)), "Shall");
        assert_eq!(heard(&text, progress(2400, 1300, true)), "Shall we talk");
    }

    #[test]
    fn words_that_run_ahead_of_their_audio_do_not_count_before_they_sound() {
        for lead in 0..6 {
            let text = spoken(&WORDS, lead);
            for at in (0..2400).step_by(20) {
                let words = heard(&text, progress(2400, at, true))
                    .split_whitespace()
                    .count() as u64;
                // Short words take a smaller share than their 400 ms: one word of tolerance.
                assert!(words * 400 <= at + 400, "{lead} {at}: {words}");
            }
        }
    }

    #[test]
    fn words_that_came_in_one_piece_are_spread_over_the_audio() {
        let mut text = ReplyText::default();
        text.append("one two three four", ms(0));
        assert_eq!(heard(&text, progress(4000, 2000, true)), "one two");
        let mut late = ReplyText::default();
        late.append("one two three four", ms(4000));
        assert_eq!(heard(&late, progress(4000, 2000, true)), "one two");
    }

    #[test]
    fn silence_before_the_voice_holds_no_words() {
        let mut text = ReplyText::default();
        text.append("one two three four", ms(0));
        let progress = Progress {
            voice_from: ms(2000),
            received: ms(6000),
            heard: ms(2500),
            complete: true,
        };
        assert_eq!(heard(&text, progress), "");
    }

    #[test]
    fn a_language_without_spaces_is_cut_between_its_characters() {
        let mut text = ReplyText::default();
        text.append("今日はいい天気ですね。", ms(0));
        let cut = heard(&text, progress(3000, 1500, true));
        assert!(!cut.is_empty() && cut.len() < text.whole().len());
        assert!(text.whole().starts_with(cut));
    }

    #[test]
    fn the_last_piece_of_an_unfinished_reply_is_not_taken_as_heard_too_early() {
        let mut text = ReplyText::default();
        text.append(
            "This is a long sentence that has hardly begun to sound",
            ms(0),
        );
        assert_eq!(heard(&text, progress(300, 290, false)), "");
    }
}
