//! The dialect from before general availability, as servers of one's own still speak it: what comes is put into today's words
//! before it is handled, and what goes is put back. What is in neither is refused as ever.

use serde_json::{Map, Value, json};

const FORMATS: [(&str, &str); 3] = [
    ("pcm16", "audio/pcm"),
    ("g711_ulaw", "audio/pcmu"),
    ("g711_alaw", "audio/pcma"),
];
const CONTENTS: [(&str, &str); 2] = [("text", "output_text"), ("audio", "output_audio")];
const EVENTS: [(&str, &str); 3] = [
    (
        "response.audio_transcript.",
        "response.output_audio_transcript.",
    ),
    ("response.audio.", "response.output_audio."),
    ("response.text.", "response.output_text."),
];

/// Puts an event of a client into today's words.
pub(super) fn from_client(mut event: Value) -> Value {
    match event["type"].as_str() {
        Some("session.update") => {
            if let Some(session) = event.get_mut("session").and_then(Value::as_object_mut) {
                modernise(session);
                session.insert("type".into(), "realtime".into());
            }
        }
        Some("response.create") => {
            if let Some(response) = event.get_mut("response").and_then(Value::as_object_mut) {
                modernise(response);
            }
        }
        Some("conversation.item.create") => rename_contents(&mut event["item"], |old| {
            CONTENTS
                .iter()
                .find(|(before, _)| *before == old)
                .map(|(_, now)| *now)
        }),
        _ => {}
    }
    event
}

/// Moves the flat settings of a session or a response to where they are today.
fn modernise(settings: &mut Map<String, Value>) {
    // It did nothing for long before it was taken away.
    settings.remove("temperature");
    if let Some(modalities) = settings.remove("modalities") {
        let speaks = modalities
            .as_array()
            .is_some_and(|all| all.contains(&"audio".into()));
        settings.insert(
            "output_modalities".into(),
            json!([if speaks { "audio" } else { "text" }]),
        );
    }
    if let Some(limit) = settings.remove("max_response_output_tokens") {
        settings.insert("max_output_tokens".into(), limit);
    }
    let mut audio = json!({});
    for (before, side, now) in [
        ("input_audio_format", "input", "format"),
        ("input_audio_transcription", "input", "transcription"),
        ("input_audio_noise_reduction", "input", "noise_reduction"),
        ("turn_detection", "input", "turn_detection"),
        ("output_audio_format", "output", "format"),
        ("voice", "output", "voice"),
        ("speed", "output", "speed"),
    ] {
        if let Some(mut value) = settings.remove(before) {
            if now == "format" {
                let known = FORMATS.iter().find(|(name, _)| value == *name);
                value =
                    json!({"type": known.map_or_else(|| value.clone(), |(_, now)| (*now).into())});
            }
            audio[side][now] = value;
        }
    }
    if audio != json!({}) {
        settings.insert("audio".into(), audio);
    }
}

/// Puts an event of ours into the older words; `None` when there was no such event.
pub(super) fn to_client(mut event: Value) -> Option<Value> {
    let kind = event["type"].as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        "conversation.item.done" => return None,
        "conversation.item.added" => event["type"] = "conversation.item.created".into(),
        "session.created" | "session.updated" => age(&mut event["session"]),
        _ => {
            if let Some((before, now)) = EVENTS.iter().find(|(_, now)| kind.starts_with(now)) {
                event["type"] = kind.replacen(now, before, 1).into();
            }
        }
    }
    if event["item"].is_object() {
        age_item(&mut event["item"]);
    }
    if event["response"].is_object() {
        age(&mut event["response"]);
        for item in event["response"]["output"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            age_item(item);
        }
    }
    Some(event)
}

/// Lays the settings of a session or a response flat.
fn age(settings: &mut Value) {
    let Some(settings) = settings.as_object_mut() else {
        return;
    };
    if let Some(modalities) = settings.remove("output_modalities") {
        let speaks = modalities[0] == "audio";
        let modalities = if speaks {
            json!(["text", "audio"])
        } else {
            json!(["text"])
        };
        settings.insert("modalities".into(), modalities);
    }
    if let Some(limit) = settings.remove("max_output_tokens") {
        settings.insert("max_response_output_tokens".into(), limit);
    }
    for key in ["type", "truncation", "prompt", "include", "tracing"] {
        settings.remove(key);
    }
    let Some(audio) = settings.remove("audio") else {
        return;
    };
    let format = |side: &str| {
        let format = &audio[side]["format"]["type"];
        FORMATS
            .iter()
            .find(|(_, now)| format == *now)
            .map(|(before, _)| Value::from(*before))
    };
    let flat = [
        ("input_audio_format", format("input")),
        ("output_audio_format", format("output")),
        (
            "input_audio_transcription",
            audio["input"].get("transcription").cloned(),
        ),
        (
            "turn_detection",
            audio["input"].get("turn_detection").cloned(),
        ),
        ("voice", audio["output"].get("voice").cloned()),
        ("speed", audio["output"].get("speed").cloned()),
    ];
    for (key, value) in flat {
        if let Some(value) = value {
            settings.insert(key.into(), value);
        }
    }
}

fn age_item(item: &mut Value) {
    item["object"] = "realtime.item".into();
    rename_contents(item, |now| {
        CONTENTS
            .iter()
            .find(|(_, name)| *name == now)
            .map(|(before, _)| *before)
    });
}

fn rename_contents(item: &mut Value, name: impl Fn(&str) -> Option<&'static str>) {
    for content in item["content"].as_array_mut().into_iter().flatten() {
        if let Some(other) = content["type"].as_str().and_then(&name) {
            content["type"] = other.into();
        }
    }
}
