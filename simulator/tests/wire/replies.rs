use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Client, audio, audio_ms, outline, reply, start};

#[tokio::test]
async fn it_greets_when_a_response_is_asked_for_and_nothing_was_said() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    let response = json!({"instructions": "Greet the learner.", "metadata": {"turn": "7"}});
    client
        .send(json!({"type": "response.create", "response": response}))
        .await;
    let events = client.until("response.done").await;
    let done = events.last().unwrap();
    assert!(reply(done).contains("stand-in"));
    assert_eq!(done["response"]["metadata"], json!({"turn": "7"}));
    assert!(audio_ms(&events) > 2_000);

    client.send(json!({"type": "response.create"})).await;
    let again = client.find("response.done").await;
    assert_ne!(reply(&again), reply(done), "nobody is greeted twice");
}

#[tokio::test]
async fn typed_text_is_answered_aloud_for_at_least_two_seconds_and_taken_up() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    client.type_text("I like green apples").await;
    let events = client.until("response.done").await;
    assert!(reply(events.last().unwrap()).contains("I like green apples"));
    assert!(audio_ms(&events) >= 2_000, "{} ms", audio_ms(&events));
    let loudest = audio(&events)
        .iter()
        .map(|sample| sample.unsigned_abs())
        .max();
    assert!(loudest.is_some_and(|peak| peak > 3_000), "{loudest:?}");
}

#[tokio::test]
async fn replies_to_speech_vary_and_admit_that_nothing_was_understood() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    let mut replies = Vec::new();
    for _ in 0..2 {
        client.speak("Yesterday I went to the market.").await;
        replies.push(reply(&client.find("response.done").await).to_owned());
    }
    assert!(
        replies.iter().all(|reply| reply.contains("stand-in")),
        "{replies:?}"
    );
    assert_ne!(replies[0], replies[1]);
}

#[tokio::test]
async fn audio_comes_faster_than_it_plays_and_in_uneven_pieces() {
    let text = "This sentence takes some seconds to say, so that its pieces can be told apart.";
    let simulator = start(json!({"default": {"greeting": text}})).await;
    let mut client = Client::connect(&simulator).await;
    client.send(json!({"type": "response.create"})).await;
    client.until("response.content_part.added").await;
    let started = Instant::now();
    let events = client.until("response.done").await;
    assert!(started.elapsed() < Duration::from_millis(audio_ms(&events) / 2));
    let mut lengths: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "response.output_audio.delta")
        .map(|event| event["delta"].as_str().unwrap().len())
        .collect();
    lengths.dedup();
    assert!(lengths.len() > 3, "{lengths:?}");
    let words = events
        .iter()
        .filter(|event| event["type"] == "response.output_audio_transcript.delta");
    assert!(words.clone().all(|event| event["obfuscation"].is_string()));
    let told: String = words.filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(told, text);
}

#[tokio::test]
async fn leading_silence_beeps_and_delays_are_as_the_script_says() {
    let simulator = start(json!({"default": {"greeting":
        {"text": "one two three", "beeps": true, "leading_silence_ms": 500, "first_audio_after_ms": 400}}}))
    .await;
    let mut client = Client::connect(&simulator).await;
    client.send(json!({"type": "response.create"})).await;
    client.until("response.created").await;
    let started = Instant::now();
    let mut events = client.until("response.output_audio.delta").await;
    assert!(started.elapsed() >= Duration::from_millis(390));
    events.extend(client.until("response.done").await);
    assert_eq!(audio_ms(&events), 500 + 3 * 200);
    let samples = audio(&events);
    assert!(samples[..12_000].iter().all(|sample| *sample == 0));
    assert!(
        samples[12_000..15_000]
            .iter()
            .any(|sample| sample.unsigned_abs() > 3_000)
    );
}

#[tokio::test]
async fn a_response_may_hold_two_messages() {
    let greeting = json!({"text": "First.", "second_text": "Second.", "beeps": true});
    let simulator = start(json!({"default": {"greeting": greeting}})).await;
    let mut client = Client::connect(&simulator).await;
    client.send(json!({"type": "response.create"})).await;
    let done = client.find("response.done").await;
    let output = done["response"]["output"].as_array().unwrap();
    assert_eq!(output.len(), 2);
    assert_eq!(output[1]["content"][0]["transcript"], "Second.");
}

#[tokio::test]
async fn a_text_response_has_words_and_no_sound() {
    let simulator = start(json!({"default": {"greeting": "Only words."}})).await;
    let mut client = Client::connect(&simulator).await;
    client
        .send(json!({"type": "response.create", "response": {"output_modalities": ["text"]}}))
        .await;
    let events = client.until("response.done").await;
    assert_eq!(audio_ms(&events), 0);
    let content = &events.last().unwrap()["response"]["output"][0]["content"][0];
    assert_eq!(
        *content,
        json!({"type": "output_text", "text": "Only words."})
    );
    assert!(outline(&events).contains(&"response.output_text.done"));
}

#[tokio::test]
async fn a_response_outside_the_conversation_leaves_no_trace_in_it() {
    let simulator =
        start(json!({"default": {"greeting": {"text": "Aside.", "beeps": true}}})).await;
    let mut client = Client::connect(&simulator).await;
    let response = json!({"conversation": "none", "input": []});
    client
        .send(json!({"type": "response.create", "response": response}))
        .await;
    let events = client.until("response.done").await;
    assert!(events.last().unwrap()["response"]["conversation_id"].is_null());
    assert!(!outline(&events).contains(&"conversation.item.added"));
}

#[tokio::test]
async fn a_reply_past_its_token_limit_is_incomplete() {
    let greeting = json!({"text": "one two three four five six seven eight nine", "beeps": true});
    let simulator = start(json!({"default": {"greeting": greeting}})).await;
    let mut client = Client::connect(&simulator).await;
    client
        .send(json!({"type": "response.create", "response": {"max_output_tokens": 10}}))
        .await;
    let done = client.find("response.done").await;
    assert_eq!(done["response"]["status"], "incomplete");
    assert_eq!(
        done["response"]["status_details"]["reason"],
        "max_output_tokens"
    );
}

#[tokio::test]
async fn after_a_reconnection_the_script_goes_on_where_the_context_ends() {
    let simulator = start(json!({"default": {
        "replies": ["One.", "Two.", {"text": "Three.", "beeps": true}],
        "learner_says": ["I went to the market", null, "Apples"],
    }}))
    .await;
    let mut client = Client::connect(&simulator).await;
    client
        .update(json!({"audio": {"input": {"transcription": {"model": "gpt-transcribe"}}}}))
        .await;
    for (role, kind, text) in [
        ("user", "input_text", "I went to the market"),
        ("assistant", "output_text", "One."),
        ("user", "input_text", "[speech, 2.4 s]"),
        ("assistant", "output_text", "Two."),
    ] {
        let item =
            json!({"type": "message", "role": role, "content": [{"type": kind, "text": text}]});
        client
            .send(json!({"type": "conversation.item.create", "item": item}))
            .await;
    }
    client.speak("Anything at all.").await;
    let events = client
        .until("conversation.item.input_audio_transcription.completed")
        .await;
    assert_eq!(events.last().unwrap()["transcript"], "Apples");
    let done = match events.iter().find(|event| event["type"] == "response.done") {
        Some(done) => done.clone(),
        None => client.find("response.done").await,
    };
    assert_eq!(reply(&done), "Three.");
}

#[tokio::test]
async fn two_learners_on_one_server_get_their_own_replies() {
    let simulator = start(json!({"learners": [
        {"when_instructions_contain": "Maria", "greeting": "Hola, Maria."},
        {"when_instructions_contain": "Pedro", "greeting": "Hola, Pedro."},
    ]}))
    .await;
    for name in ["Pedro", "Maria"] {
        let mut client = Client::connect(&simulator).await;
        client
            .update(json!({"instructions": format!("The learner is {name}.")}))
            .await;
        client.send(json!({"type": "response.create"})).await;
        assert_eq!(
            reply(&client.find("response.done").await),
            format!("Hola, {name}.")
        );
    }
}
