//! Decides what is said next: the script's reply where there is one, else the stand-in's own.

use super::context::{Entry, EntryKind};
use super::setup::Setup;
use crate::choice::Choice;
use crate::partner;
use crate::script::{Context, Reply};
use crate::server::Shared;

/// Returns what is said next.
pub(super) fn choose(
    shared: &Shared,
    connection: usize,
    setup: &Setup,
    context: &[Entry],
) -> Choice {
    let last = context.last();
    let output = last.and_then(|entry| match &entry.kind {
        EntryKind::Output { name, response } => Some((name, response)),
        _ => None,
    });
    let direction = last
        .filter(|entry| entry.kind == EntryKind::Direction)
        .map(|entry| entry.words.as_str());
    let learners = || {
        context
            .iter()
            .filter(|entry| entry.kind == EntryKind::Learner)
    };
    let (turns, words) = (
        learners().count(),
        learners().next_back().map_or("", |entry| &entry.words),
    );

    let moment = Context {
        session_instructions: &setup.instructions,
        response_instructions: direction,
        learner_turns: turns,
        last_words: words,
        after_tool_output: output.is_some(),
    };
    if let Some(choice) = Choice::scripted(shared, moment) {
        return choice;
    }

    let turn = turns.saturating_sub(1);
    let has_spoken = context.iter().any(|entry| entry.kind == EntryKind::Tutor);
    let reply = match output {
        Some((name, response)) => partner::report(name, &said(response)),
        None if turns == 0 && has_spoken => partner::speak_again(),
        None if turns == 0 => partner::greet(connection),
        None => match partner::find_call(words, &setup.tools()) {
            Some(call) if direction.is_none() => Reply {
                call: Some(call),
                ..Reply::default()
            },
            _ if words.trim().is_empty() => partner::answer_speech(turn),
            _ => partner::answer_text(words, turn),
        },
    };
    Choice::own(reply)
}

/// What a function gave back, or what went wrong in it.
fn said(response: &serde_json::Value) -> String {
    let output = [&response["output"], &response["error"]]
        .into_iter()
        .find(|value| !value.is_null())
        .unwrap_or(response);
    output
        .as_str()
        .map_or_else(|| output.to_string(), str::to_owned)
}
