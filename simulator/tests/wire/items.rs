use serde_json::{Value, json};

use crate::client::{Client, start};

fn message(id: &str) -> Value {
    json!({"id": id, "type": "message", "role": "user", "content": [{"type": "input_text", "text": id}]})
}

#[tokio::test]
async fn items_are_put_where_the_client_says() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    let created = [
        ("a", None, Value::Null),
        ("b", None, json!("a")),
        ("c", Some("a"), json!("a")),
        ("d", Some("root"), Value::Null),
    ];
    for (id, after, before) in created {
        let mut event = json!({"type": "conversation.item.create", "item": message(id)});
        if let Some(after) = after {
            event["previous_item_id"] = after.into();
        }
        client.send(event).await;
        let added = client.next().await;
        assert_eq!(added["type"], "conversation.item.added");
        assert_eq!(added["previous_item_id"], before, "{id}");
        assert_eq!(client.next().await["type"], "conversation.item.done");
    }
}

#[tokio::test]
async fn an_item_is_retrieved_until_it_is_deleted() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    client
        .send(json!({"type": "conversation.item.create", "item": message("a")}))
        .await;
    client.until("conversation.item.done").await;
    let ask = |verb: &str| json!({"type": format!("conversation.item.{verb}"), "item_id": "a"});
    client.send(ask("retrieve")).await;
    assert_eq!(client.next().await["item"]["content"][0]["text"], "a");
    client.send(ask("delete")).await;
    assert_eq!(client.next().await["type"], "conversation.item.deleted");
    for verb in ["retrieve", "delete"] {
        client.send(ask(verb)).await;
        assert_eq!(
            client.next().await["error"]["code"],
            format!("item_{verb}_invalid_item_id")
        );
    }
}

#[tokio::test]
async fn items_that_cannot_be_are_refused() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    let wrong = [
        json!({"type": "message", "role": "user", "content": [{"type": "output_text", "text": "x"}]}),
        json!({"type": "message", "role": "assistant", "content": [{"type": "output_audio", "audio": "AAA="}]}),
        json!({"type": "message", "role": "user"}),
        json!({"type": "function_call_output", "call_id": "c", "output": {"not": "a string"}}),
        message(&"long".repeat(9)),
    ];
    for item in wrong {
        client
            .send(json!({"type": "conversation.item.create", "item": item}))
            .await;
        assert_eq!(client.next().await["type"], "error", "{item}");
    }
}

#[tokio::test]
async fn an_item_with_a_known_id_is_refused() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    let create = json!({"type": "conversation.item.create", "item": message("a")});
    client.send(create.clone()).await;
    client.until("conversation.item.done").await;
    client.send(create).await;
    assert_eq!(client.next().await["error"]["param"], "item.id");
}
