//! Decides what the next response says: the script's reply where there is one, else the stand-in's own.

use serde_json::Value;

use super::conversation::Item;
use super::session::Session;
use crate::choice::Choice;
use crate::partner;
use crate::script::{Context, Reply};
use crate::server::Shared;

/// Returns what is said next. `items` is what the model would see.
pub(super) fn choose(
    shared: &Shared,
    connection: usize,
    session: &Session,
    params: &Value,
    items: &[&Item],
) -> Choice {
    let last = items.last().map(|item| &item.value);
    let tool_output = last.filter(|item| item["type"] == "function_call_output");
    let learner_items = || items.iter().filter(|item| item.is_learners());
    let learner_turns = learner_items().count();
    let last_words = learner_items()
        .next_back()
        .and_then(|item| item.words.as_deref());

    let moment = Context {
        session_instructions: session.instructions(),
        response_instructions: params["instructions"].as_str(),
        learner_turns,
        last_words: last_words.unwrap_or_default(),
        after_tool_output: tool_output.is_some(),
    };
    if let Some(choice) = Choice::scripted(shared, moment) {
        return choice;
    }

    let turn = learner_turns.saturating_sub(1);
    let reply = match (tool_output, last_words) {
        (Some(output), _) => report(output, items),
        (None, words) => match find_call(session, params, words.unwrap_or_default()) {
            Some(call) => Reply {
                call: Some(call),
                ..Reply::default()
            },
            None if learner_turns == 0 && items.iter().any(|item| item.is_tutors()) => {
                partner::speak_again()
            }
            None if learner_turns == 0 => partner::greet(connection),
            None => match words.filter(|words| !words.trim().is_empty()) {
                Some(words) => partner::answer_text(words, turn),
                None => partner::answer_speech(turn),
            },
        },
    };
    Choice::own(reply)
}

fn report(output: &Value, items: &[&Item]) -> Reply {
    let call = items.iter().find(|item| {
        item.value["type"] == "function_call" && item.value["call_id"] == output["call_id"]
    });
    let tool = call
        .and_then(|call| call.value["name"].as_str())
        .unwrap_or("the tool");
    partner::report(tool, output["output"].as_str().unwrap_or_default())
}

fn find_call(session: &Session, params: &Value, words: &str) -> Option<crate::script::ToolCall> {
    let tools = if params["tools"].is_array() {
        &params["tools"]
    } else {
        session.tools()
    };
    let choice = if params["tool_choice"].is_null() {
        &session.settings()["tool_choice"]
    } else {
        &params["tool_choice"]
    };
    match choice.as_str() {
        Some("none") => None,
        Some("required") => {
            partner::find_call(words, tools).or_else(|| Some(partner::call(tools.get(0)?, words)))
        }
        Some(_) => partner::find_call(words, tools),
        None => {
            let tool = tools
                .as_array()?
                .iter()
                .find(|tool| tool["name"] == choice["name"])?;
            Some(partner::call(tool, words))
        }
    }
}
