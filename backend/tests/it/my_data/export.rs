//! `GET /api/v1/my-data` and `GET /api/v1/my-data/export`

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};

use avaaz_backend::my_data;
use avaaz_tutor::Speaker;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;
use zip::ZipArchive;

use super::{World, turn};
use crate::support::{Persona, TestApp, census};
use avaaz_agent::host::TutorHost as _;

/// Tables that hold nothing of a learner.
const OF_NOBODY: [&str; 4] = [
    "_sqlx_migrations",
    "embedding_models",
    "content_key_readers",
    "dropped_content_keys",
];

/// An export that was read to its end.
struct Export {
    names: Vec<String>,
    zip: ZipArchive<Cursor<Vec<u8>>>,
}

impl Export {
    async fn of(learner: &Persona) -> Self {
        let request = learner.request(Method::GET, "/api/v1/my-data/export");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/zip");
        assert_eq!(header("cache-control"), "no-store");
        let disposition = header("content-disposition");
        assert!(
            disposition.starts_with("attachment; filename=\"avaaz-20"),
            "{disposition}"
        );
        let whole = response.bytes().await.unwrap();
        let zip = ZipArchive::new(Cursor::new(whole.to_vec())).unwrap();
        let names = zip
            .file_names()
            .map(|name| name.unwrap().into_owned())
            .collect();
        Self { names, zip }
    }

    fn text(&mut self, name: &str) -> String {
        let mut text = String::new();
        self.zip
            .by_name(name)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    fn json(&mut self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    /// The name of the conversation's file.
    fn name_of(&self, id: Uuid, ending: &str) -> String {
        let ending = format!("_{id}.{ending}");
        let name = self.names.iter().find(|name| name.ends_with(&ending));
        name.expect("the conversation is there").clone()
    }

    fn everything(&mut self) -> String {
        let names = self.names.clone();
        names.iter().map(|name| self.text(name)).collect()
    }
}

#[tokio::test]
async fn the_archive_holds_everything_as_json_and_as_text_and_nothing_of_others() {
    let world = World::new().await;
    let (ada, eve) = (world.app.learner().await, world.app.learner().await);
    ada.patch(
        "/sessions/default",
        &json!({"goal": "order coffee in Lisbon"}),
    )
    .await;
    ada.patch("/auth/me", &json!({"time_zone": "Pacific/Kiritimati"}))
        .await;
    let id = world
        .talk(
            &ada,
            &[
                (Speaker::Tutor, "Olá, Ada!"),
                (Speaker::Learner, "Bom dia, “professora” 🙂"),
                (Speaker::Learner, ""),
            ],
        )
        .await;
    world
        .talk(&eve, &[(Speaker::Learner, "only Eve knows")])
        .await;

    let summary = world
        .remember(&ada, id, "summary", "They greeted each other.")
        .await;
    let fact = world
        .remember(&ada, id, "goal", "Wants to order coffee.")
        .await;

    let document = world.read(&ada, "birds.txt", "The heron fishes.").await;
    world
        .read(&eve, "eve.txt", "Only Eve knows her notes.")
        .await;

    let mut export = Export::of(&ada).await;
    let file = format!("documents/{document}_birds.txt");
    assert_eq!(export.text(&file), "The heron fishes.");
    let documents = export.json("documents.json");
    assert_eq!(
        (&documents[0]["name"], &documents[0]["file"]),
        (&json!("birds.txt"), &json!(file))
    );
    assert!(export.text("documents.txt").contains("birds.txt"));
    let passages = export.json("passages.json");
    assert_eq!(
        (&passages[0]["document_id"], &passages[0]["text"]),
        (&json!(document), &json!("The heron fishes."))
    );
    let account = export.json("account.json");
    assert_eq!(account["account"]["email"], ada.email);
    assert_eq!(account["sign_ins"].as_array().unwrap().len(), 1);
    assert!(export.text("account.txt").contains(&ada.email));
    assert_eq!(
        export.json("sessions.json")[0]["goal"],
        "order coffee in Lisbon"
    );
    assert!(
        export
            .text("sessions.txt")
            .contains("order coffee in Lisbon")
    );

    let json = export.json(&export.name_of(id, "json"));
    assert_eq!(
        (&json["id"], &json["end_reason"], &json["turn_count"]),
        (&id.to_string().into(), &"learner_ended".into(), &3.into())
    );
    let turns = json["turns"].as_array().unwrap();
    assert_eq!(turns.len(), 3);
    assert_eq!(turns[1]["text"], "Bom dia, “professora” 🙂");
    assert_eq!(turns[2]["text_pending"], true);
    let text = export.text(&export.name_of(id, "txt"));
    assert!(text.contains("(Pacific/Kiritimati)"), "{text}");
    assert!(text.contains("  Tutor: Olá, Ada!\n"), "{text}");
    assert!(text.contains("  You: Bom dia, “professora” 🙂\n"), "{text}");
    assert!(
        text.contains("  You: (the words have not come)\n"),
        "{text}"
    );

    let memories = export.json("memories.json");
    assert_eq!(memories.as_array().unwrap().len(), 2);
    assert_eq!(
        (
            &memories[0]["id"],
            &memories[0]["kind"],
            &memories[0]["conversation_id"]
        ),
        (&json!(summary), &json!("summary"), &json!(id))
    );
    assert_eq!(
        (
            &memories[1]["id"],
            &memories[1]["text"],
            &memories[1]["taken_from"]
        ),
        (&json!(fact), &json!("Wants to order coffee."), &json!([id]))
    );
    assert_eq!(memories[1]["embedding_models"], json!(["fake-embedding"]));
    let text = export.text("memories.txt");
    assert!(
        text.contains("They greeted each other.") && text.contains("goal\nWants to order"),
        "{text}"
    );

    assert_eq!(export.json("usage.json").as_array().unwrap().len(), 3);
    assert_eq!(export.text("usage.txt").matches("100 text").count(), 3);
    let all = export.everything();
    for hidden in [
        "only Eve knows",
        "Eve knows her notes",
        &eve.id.to_string(),
        &eve.email,
        "argon2",
        "token_hash",
    ] {
        assert!(!all.contains(hidden), "{hidden} is in the export");
    }
    let readme = export.text("readme.txt");
    for name in &export.names {
        let told = name.split_inclusive('/').next().unwrap();
        assert!(
            told == "readme.txt" || readme.contains(told),
            "the readme does not speak of {name}"
        );
    }
}

#[tokio::test]
async fn a_long_conversation_is_whole_and_in_order() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let lease = world.begin(&ada).await;
    for seq in 1..=450 {
        let turn = turn(seq, Speaker::Learner, &format!("sentence {seq}"));
        world.host.record_turn(lease, turn).await.unwrap();
    }
    let mut export = Export::of(&ada).await;
    let json = export.json(&export.name_of(lease.conversation, "json"));
    let seqs: Vec<i64> = json["turns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|turn| turn["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=450).collect::<Vec<_>>());
    let text = export.text(&export.name_of(lease.conversation, "txt"));
    assert_eq!(text.matches("You: sentence").count(), 450);
    assert!(text.ends_with("You: sentence 450\n"));
}

#[tokio::test]
async fn an_export_that_breaks_off_is_not_taken_for_a_whole_one() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    sqlx::query("ALTER TABLE usage_entries RENAME TO elsewhere")
        .execute(&world.app.pool)
        .await
        .unwrap();
    let request = ada.request(Method::GET, "/api/v1/my-data/export");
    let is_whole = match request.send().await {
        Ok(response) => response.bytes().await.is_ok(),
        Err(_) => false,
    };
    assert!(!is_whole);
}

#[tokio::test]
async fn what_is_kept_is_counted_by_kind_with_how_long_it_is_kept() {
    let app = TestApp::configured(|env| env.set("AVAAZ_RETENTION_CONVERSATIONS_DAYS", "90")).await;
    let world = World::on(app);
    let ada = world.app.learner().await;
    world
        .talk(
            &ada,
            &[(Speaker::Tutor, "Olá!"), (Speaker::Learner, "Olá!")],
        )
        .await;
    let shown = ada.get("/api/v1/my-data").await;
    assert_eq!(shown.status, StatusCode::OK);
    let of = |kind: &str| {
        let items = shown.body["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["kind"] == kind);
        let item = item.unwrap_or_else(|| panic!("no {kind}: {items:?}"));
        assert!(item["oldest_at"].is_string(), "{item}");
        (item["count"].as_i64().unwrap(), &item["retention_days"])
    };
    assert_eq!(of("account"), (1, &Value::Null));
    assert_eq!(of("sign_ins"), (1, &Value::Null));
    assert_eq!(of("sessions"), (1, &Value::Null));
    assert_eq!(of("conversations"), (1, &90.into()));
    assert_eq!(of("turns"), (2, &90.into()));
    assert_eq!(of("usage"), (2, &Value::Null));
}

#[tokio::test]
async fn every_table_belongs_to_a_kind_of_what_learners_can_see_or_to_nobody() {
    let app = TestApp::start().await;
    let tables = census::rows(&app.pool).await;
    let public: BTreeSet<&str> = tables
        .keys()
        .filter_map(|table| table.strip_prefix("public."))
        .filter(|table| !OF_NOBODY.contains(table))
        .collect();
    assert!(!public.is_empty());
    assert_eq!(public, my_data::tables().into_iter().collect());
}

#[tokio::test]
async fn exports_are_limited() {
    let app = TestApp::configured(|env| env.set("AVAAZ_EXPORTS_PER_LEARNER", "1")).await;
    let (ada, eve) = (app.learner().await, app.learner().await);
    Export::of(&ada).await;
    let refused = ada.get("/api/v1/my-data/export").await;
    assert_eq!(refused.problem(), "rate_limited");
    Export::of(&eve).await;
}
