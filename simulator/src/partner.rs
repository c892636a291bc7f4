//! What the tutor says where no script tells: a stand-in that is honest about being one.

use serde_json::{Map, Value};

use crate::script::{Reply, ToolCall};

const TAKEN_UP_CHARS: usize = 240;
const REPORTED_CHARS: usize = 400;

const GREETINGS: &[&str] = &[
    "Hello and welcome! I am a stand-in for your tutor, so I cannot understand speech yet. Say or type something, and I will answer.",
    "Good to see you! A stand-in is speaking here, not a real tutor. Talk to me or type a sentence, and let us try everything out.",
];

const ANSWERS_TO_SPEECH: &[&str] = &[
    "I heard you speak, thank you! I am only a stand-in and cannot understand speech, but please go on.",
    "That came through loud and clear. As a stand-in I do not know what it means, yet your microphone works well.",
    "Lovely, keep talking! A real tutor would answer that now; I am a stand-in that only hears that you speak.",
    "Thank you for that. I cannot understand words, being a stand-in, but I noticed when you started and when you stopped.",
    "I am listening. Since I am a stand-in without understanding, tell me more, or type a sentence and I will take it up.",
];

/// Says hello; `number` varies the words.
pub(crate) fn greet(number: usize) -> Reply {
    say(GREETINGS[number % GREETINGS.len()].to_owned())
}

/// Speaks again to a learner who has not answered yet.
pub(crate) fn speak_again() -> Reply {
    say("I am still here, and there is no hurry. Say or type something whenever you like, and I will answer.".to_owned())
}

/// Answers speech that nobody understood; `number` varies the words.
pub(crate) fn answer_speech(number: usize) -> Reply {
    say(ANSWERS_TO_SPEECH[number % ANSWERS_TO_SPEECH.len()].to_owned())
}

/// Answers typed words, or the words that a script gave the learner.
pub(crate) fn answer_text(text: &str, number: usize) -> Reply {
    let words = shorten(text, TAKEN_UP_CHARS);
    say(match number % 3 {
        0 => format!(
            "You said: {words} That is a good start. Can you tell me a little more about it?"
        ),
        1 => format!("I see, {words} Thank you for telling me. What would you like to say next?"),
        _ => format!(
            "So your words were: {words} Now please try to say the same thing in another way."
        ),
    })
}

/// Says what a tool gave back.
pub(crate) fn report(tool: &str, output: &str) -> Reply {
    let output = shorten(&speakable(output), REPORTED_CHARS);
    say(format!(
        "I asked {} for you, and this is the answer: {output} I hope that this helps you.",
        tool.replace(['_', '-'], " ")
    ))
}

/// Returns a call of the tool that the text names by a word of its name.
pub(crate) fn find_call(text: &str, tools: &Value) -> Option<ToolCall> {
    let words = words(text);
    let functions = tools
        .as_array()?
        .iter()
        .filter(|tool| tool["type"] == "function");
    let named = functions.filter_map(|tool| {
        let name_words = name_words(tool["name"].as_str()?);
        let named = name_words
            .iter()
            .filter(|word| words.contains(word))
            .count();
        (named > 0).then_some((named, tool))
    });
    let (_, tool) = named.reduce(|best, other| if other.0 > best.0 { other } else { best })?;
    Some(call(tool, text))
}

/// Returns a call of this tool with arguments made from the text.
pub(crate) fn call(tool: &Value, text: &str) -> ToolCall {
    let parameters = &tool["parameters"];
    let required = parameters["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let arguments: Map<_, _> = required
        .map(|name| {
            (
                name.to_owned(),
                argument(&parameters["properties"][name], text),
            )
        })
        .collect();
    ToolCall {
        name: tool["name"].as_str().unwrap_or_default().to_owned(),
        arguments,
    }
}

/// Returns many calls at once: of the tools that there are, with and without arguments, and of one that there is not.
pub(crate) fn storm(tools: &Value, count: usize) -> Vec<ToolCall> {
    let tools = tools.as_array().map_or(&[][..], Vec::as_slice);
    (0..count)
        .map(|number| match tools.get(number % (tools.len() + 1)) {
            Some(tool) if number % 2 == 0 => call(tool, "storm"),
            Some(tool) => ToolCall {
                arguments: Map::new(),
                ..call(tool, "")
            },
            None => ToolCall {
                name: "no_such_tool".to_owned(),
                arguments: Map::new(),
            },
        })
        .collect()
}

fn argument(schema: &Value, text: &str) -> Value {
    if let Some(first) = schema["enum"]
        .as_array()
        .and_then(|choices| choices.first())
    {
        return first.clone();
    }
    let number = || {
        let spelt = text
            .split(|letter: char| !letter.is_ascii_digit())
            .find(|digits| !digits.is_empty());
        spelt
            .and_then(|digits| digits.parse::<i64>().ok())
            .unwrap_or(1)
    };
    match schema["type"].as_str() {
        Some("integer" | "number") => number().into(),
        Some("boolean") => true.into(),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => Value::Object(Map::new()),
        Some("null") => Value::Null,
        _ => subject(text).into(),
    }
}

/// The word that the sentence is most likely about: the last one that is a name, else the last one.
fn subject(text: &str) -> String {
    let words: Vec<_> = text
        .split_whitespace()
        .map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let name = words
        .iter()
        .skip(1)
        .rev()
        .find(|word| word.starts_with(char::is_uppercase) && word.len() > 1);
    name.or(words.last())
        .map_or_else(String::new, |word| (*word).to_owned())
}

/// The words of a tool's name that mean something.
fn name_words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            spaced.push(' ');
        }
        spaced.push(letter);
    }
    const EMPTY_WORDS: &[&str] = &[
        "get", "the", "for", "and", "set", "with", "from", "tool", "you", "this",
    ];
    words(&spaced)
        .into_iter()
        .filter(|word| word.chars().count() > 2 && !EMPTY_WORDS.contains(&word.as_str()))
        .collect()
}

fn words(text: &str) -> Vec<String> {
    let words = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn speakable(output: &str) -> String {
    match serde_json::from_str::<Value>(output) {
        Ok(Value::Object(object)) => {
            let pairs: Vec<_> = object
                .iter()
                .map(|(key, value)| format!("{key}: {}", plain(value)))
                .collect();
            pairs.join(", ")
        }
        Ok(value) => plain(&value),
        Err(_) => output.to_owned(),
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Cuts a text to a length, at a word, and ends it as a sentence.
fn shorten(text: &str, chars: usize) -> String {
    let mut short = String::new();
    for word in text.split_whitespace() {
        if short.chars().count() + word.chars().count() > chars {
            break;
        }
        short.push_str(word);
        short.push(' ');
    }
    let short = short.trim_end();
    if short.ends_with(['.', '!', '?']) {
        short.to_owned()
    } else {
        format!("{short}.")
    }
}

fn say(text: String) -> Reply {
    Reply {
        text,
        ..Reply::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tools() -> Value {
        json!([
            {"type": "function", "name": "get_weather", "parameters": {
                "type": "object", "required": ["city", "days"],
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            }},
            {"type": "function", "name": "endLesson"},
        ])
    }

    #[test]
    fn a_tool_is_called_when_the_text_has_a_word_of_its_name() {
        let call = find_call("How is the weather in Paris for 3 days?", &tools()).unwrap();
        assert_eq!(call.name, "get_weather");
        assert_eq!(
            Value::from(call.arguments),
            json!({"city": "Paris", "days": 3})
        );
        assert_eq!(
            find_call("Let us end the lesson", &tools()).unwrap().name,
            "endLesson"
        );
    }

    #[test]
    fn a_text_that_names_no_tool_calls_none() {
        assert!(find_call("Can you get me some tea?", &tools()).is_none());
    }

    #[test]
    fn the_answer_takes_up_the_words_whatever_the_turn() {
        for number in 0..4 {
            assert!(
                answer_text("I like green apples", number)
                    .text
                    .contains("I like green apples")
            );
        }
    }

    #[test]
    fn every_answer_to_speech_admits_to_be_a_stand_in() {
        for answer in GREETINGS.iter().chain(ANSWERS_TO_SPEECH) {
            assert!(answer.contains("stand-in"), "{answer}");
        }
    }

    #[test]
    fn a_tools_answer_is_said_as_words() {
        let reply = report("get_weather", r#"{"sky": "rain", "degrees": 12}"#).text;
        assert!(
            reply.contains("degrees: 12") && reply.contains("sky: rain"),
            "{reply}"
        );
    }
}
