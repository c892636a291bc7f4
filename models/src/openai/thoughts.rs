//! Models that think aloud put it in front of the answer, and not every server takes it out.

const BEGIN: &str = "<think>";
const END: &str = "</think>";

/// Takes the thoughts from the beginning of an answer that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    place: Place,
    /// What may be a part of a mark.
    held: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Beginning,
    Thinking,
    /// Between the thoughts and the answer.
    After,
    Answering,
}

impl Thoughts {
    /// Returns what of this piece, and of what was held back before, belongs to the answer.
    pub(super) fn strip(&mut self, piece: String) -> String {
        if self.place == Place::Answering {
            return piece;
        }
        self.held.push_str(&piece);
        if self.place == Place::Beginning {
            let begun = self.held.trim_start();
            if let Some(thought) = begun.strip_prefix(BEGIN) {
                self.held = thought.to_owned();
                self.place = Place::Thinking;
            } else if BEGIN.starts_with(begun) {
                return String::new();
            } else {
                self.place = Place::Answering;
                return std::mem::take(&mut self.held);
            }
        }
        if self.place == Place::Thinking {
            match self.held.split_once(END) {
                Some((_, answer)) => {
                    self.held = answer.to_owned();
                    self.place = Place::After;
                }
                None => {
                    let keep = self.held.len().saturating_sub(END.len());
                    let from = (keep..).find(|at| self.held.is_char_boundary(*at));
                    self.held.drain(..from.unwrap_or(0));
                    return String::new();
                }
            }
        }
        let answer = self.held.trim_start().to_owned();
        self.held.clear();
        if !answer.is_empty() {
            self.place = Place::Answering;
        }
        answer
    }

    /// Returns what is left when nothing more comes: words that only looked as if they became a mark.
    pub(super) fn finish(&mut self) -> String {
        match self.place {
            Place::Beginning => std::mem::take(&mut self.held),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(pieces: &[&str]) -> String {
        let mut thoughts = Thoughts::default();
        let mut answer = String::new();
        for piece in pieces {
            answer.push_str(&thoughts.strip((*piece).to_owned()));
        }
        answer + &thoughts.finish()
    }

    #[test]
    fn thoughts_are_taken_out_wherever_the_pieces_are_cut() {
        let whole = "\n<think>Hm, über… \"</thin\"?</think>\n\nOlá <b>Ana</b>!";
        let letters: Vec<String> = whole.chars().map(String::from).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        assert_eq!(answer(&[whole]), "Olá <b>Ana</b>!");
        assert_eq!(answer(&letters), "Olá <b>Ana</b>!");
    }

    #[test]
    fn an_answer_without_thoughts_stays_as_it_is() {
        assert_eq!(answer(&["  <", "p>Olá</p> "]), "  <p>Olá</p> ");
        assert_eq!(answer(&["<thi"]), "<thi");
        assert_eq!(
            answer(&["Write <think> and </think>."]),
            "Write <think> and </think>."
        );
        assert_eq!(answer(&["<think>never said"]), "");
    }
}
