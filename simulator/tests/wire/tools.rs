use serde_json::{Value, json};

use crate::client::{Client, outline, reply, start};

fn weather_tool() -> Value {
    json!({"tools": [{"type": "function", "name": "get_weather", "parameters":
        {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}}]})
}

async fn give_output(client: &mut Client, done: &Value, output: &str) -> Value {
    let call_id = done["response"]["output"][0]["call_id"].clone();
    let item = json!({"type": "function_call_output", "call_id": call_id, "output": output});
    client
        .send(json!({"type": "conversation.item.create", "item": item}))
        .await;
    client.send(json!({"type": "response.create"})).await;
    client.find("response.done").await
}

#[tokio::test]
async fn an_offered_tool_is_called_when_the_text_names_it_and_its_result_is_reported() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    client.update(weather_tool()).await;
    client.type_text("What is the weather in Lisbon?").await;
    client.until("response.created").await;
    let events = client.until("response.done").await;
    let mut order = outline(&events);
    order.dedup();
    assert_eq!(
        order,
        [
            "response.output_item.added",
            "conversation.item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
        ]
    );
    let done = events.last().unwrap();
    let call = &done["response"]["output"][0];
    assert_eq!(call["name"], "get_weather");
    assert_eq!(call["arguments"], r#"{"city":"Lisbon"}"#);
    let told = give_output(&mut client, done, r#"{"sky": "cloudless"}"#).await;
    assert!(reply(&told).contains("cloudless"), "{}", reply(&told));
}

#[tokio::test]
async fn no_tool_is_called_that_was_not_offered_or_is_switched_off() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    client.type_text("What is the weather in Lisbon?").await;
    assert!(reply(&client.find("response.done").await).contains("weather"));
    client.update(weather_tool()).await;
    let off = json!({"type": "response.create", "response": {"tool_choice": "none"}});
    client.send(off).await;
    assert!(reply(&client.find("response.done").await).contains("weather"));
}

#[tokio::test]
async fn a_scripted_call_comes_after_its_words_and_is_followed_up() {
    let simulator = start(json!({"default": {"replies": [{
        "text": "Let me see.", "beeps": true,
        "call": {"name": "look_up", "arguments": {"word": "apple"}},
        "then": {"text": "It is a fruit.", "beeps": true},
    }]}}))
    .await;
    let mut client = Client::connect(&simulator).await;
    client.type_text("What is an apple?").await;
    let done = client.find("response.done").await;
    let output = done["response"]["output"].as_array().unwrap();
    assert_eq!(output[0]["type"], "message");
    assert_eq!(output[1]["arguments"], r#"{"word":"apple"}"#);
    let mut call = done.clone();
    call["response"]["output"][0] = output[1].clone();
    assert_eq!(
        reply(&give_output(&mut client, &call, "fruit").await),
        "It is a fruit."
    );
}
