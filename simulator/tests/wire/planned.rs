//! Faults at chosen moments, of both protocols.

mod door;
mod gemini;
mod openai;

use serde_json::{Value, json};

/// A script with these faults, in which the learner is greeted with three beeps.
fn script(faults: &Value) -> Value {
    let reply = json!({"text": "one two three", "beeps": true});
    let learner = json!({"greeting": reply, "replies": [reply, reply]});
    json!({"default": learner, "faults": faults, "unknown_events": false})
}
