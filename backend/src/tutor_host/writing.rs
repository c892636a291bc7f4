//! The tutor's words in writing, while no voice can be reached.

use std::time::Duration;

use avaaz_agent::host::HostError;
use avaaz_models::{Completion, FinishReason, Message, ModelError, TextModel, TextRequest};
use avaaz_tutor::{Author, Speaker, WritingRequest, WrittenAnswer};

/// A few sentences; models that think count their thoughts, too.
const MAX_TOKENS: u32 = 1_200;
/// Whoever waits for a line in a chat does not wait longer.
const WITHIN: Duration = Duration::from_secs(40);

/// As the provider of turns that no voice spoke.
const PROVIDER: &str = "text";

/// Has the next words of the tutor written. They are read by [`words_of`].
///
/// # Errors
/// [`HostError::Unavailable`] when the model does not answer, [`HostError::Refused`] when it never will.
pub(super) async fn ask(
    text_model: &dyn TextModel,
    request: WritingRequest,
) -> Result<Completion, HostError> {
    let said = request.history.into_iter().map(|turn| match turn.speaker {
        Speaker::Learner => Message::user(turn.text),
        Speaker::Tutor => Message::assistant(turn.text),
    });
    let messages = std::iter::once(Message::system(request.instructions)).chain(said);
    let request = TextRequest::new(messages)
        .max_tokens(MAX_TOKENS)
        .within(WITHIN);
    text_model.complete(request).await.map_err(host_error)
}

/// Returns what the tutor writes.
///
/// # Errors
/// [`HostError::Refused`] when the model declines.
pub(super) fn words_of(answer: &Completion, model: &str) -> Result<WrittenAnswer, HostError> {
    let text = match answer.reason {
        FinishReason::Stop => answer.text.trim(),
        FinishReason::Length => whole_sentences(answer.text.trim()),
        FinishReason::Filtered => return Err(host_error(ModelError::Declined)),
    };
    Ok(WrittenAnswer {
        text: text.to_owned(),
        author: Author {
            provider: PROVIDER.to_owned(),
            model: model.to_owned(),
        },
    })
}

/// Returns what comes before a sentence that was cut off; all of it when that would be nothing.
fn whole_sentences(text: &str) -> &str {
    let mut ends = text
        .char_indices()
        .filter(|(_, letter)| ".!?。！？।؟…".contains(*letter));
    match ends.next_back() {
        Some((at, letter)) => &text[..at + letter.len_utf8()],
        None => text,
    }
}

fn host_error(error: ModelError) -> HostError {
    if error.retry_helps() {
        HostError::Unavailable(error.to_string())
    } else {
        HostError::Refused(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use avaaz_models::Role;
    use avaaz_models::fake::FakeTextModel;
    use avaaz_tutor::PastTurn;

    use super::*;

    fn request() -> WritingRequest {
        let turn = |seq, speaker, text: &str| PastTurn {
            seq,
            speaker,
            text: text.to_owned(),
            interrupted: false,
        };
        WritingRequest {
            instructions: "You teach.".into(),
            history: vec![
                turn(1, Speaker::Tutor, "Olá!"),
                turn(2, Speaker::Learner, "What is a weekend?"),
            ],
        }
    }

    async fn compose(
        text_model: &dyn TextModel,
        request: WritingRequest,
    ) -> Result<WrittenAnswer, HostError> {
        words_of(&ask(text_model, request).await?, text_model.model())
    }

    #[tokio::test]
    async fn the_model_is_told_who_it_is_and_what_was_said() {
        let model = FakeTextModel::saying([" Saturday and Sunday. "]);
        let written = compose(&model, request()).await.unwrap();
        assert_eq!(written.text, "Saturday and Sunday.");
        let author = Author {
            provider: "text".into(),
            model: model.model().into(),
        };
        assert_eq!(written.author, author);
        let asked = &model.asked()[0].messages;
        let roles: Vec<Role> = asked.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::System, Role::Assistant, Role::User]);
        assert_eq!(asked[2].content, "What is a weekend?");
    }

    #[tokio::test]
    async fn a_model_that_is_away_may_write_later_and_one_that_is_missing_never() {
        let away = FakeTextModel::answering([Err(ModelError::TimedOut)]);
        assert!(matches!(
            compose(&away, request()).await,
            Err(HostError::Unavailable(_))
        ));
        let missing = FakeTextModel::answering([Err(ModelError::NotConfigured("set it".into()))]);
        assert!(matches!(
            compose(&missing, request()).await,
            Err(HostError::Refused(_))
        ));
    }

    #[test]
    fn an_answer_that_was_cut_off_ends_with_its_last_whole_sentence() {
        assert_eq!(whole_sentences("Sim! Bom dia. E ago"), "Sim! Bom dia.");
        assert_eq!(whole_sentences("こんにちは。元"), "こんにちは。");
        assert_eq!(whole_sentences("no end"), "no end");
    }
}
