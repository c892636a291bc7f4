//! The tutor looks into what its learner uploaded.

use avaaz_agent::host::{HostError, Lease, TutorHost as _};
use avaaz_backend::tutor_host::PgTutorHost;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::World;
use crate::support::livekit::LiveKitServer;
use crate::support::{Persona, TestApp};

async fn begin(learner: &Persona, host: &PgTutorHost) -> Lease {
    let token = learner.post("/sessions/default/token").await;
    let id = token.text("conversation_id");
    let claimed = host.claim(Uuid::now_v7(), 10).await.unwrap();
    claimed
        .iter()
        .map(|claimed| claimed.lease)
        .find(|lease| lease.conversation.to_string() == id)
        .expect("it waits")
}

async fn world(server: &LiveKitServer) -> World {
    let app = TestApp::configured(|env| {
        env.set("LIVEKIT_URL", server.url());
    });
    World::with(app.await).await
}

#[tokio::test]
async fn a_tutor_finds_a_passage_and_is_told_its_source() {
    let server = LiveKitServer::start(None).await;
    let world = world(&server).await;
    let host = world.app.tutor_host();
    assert!(
        host.tools()
            .iter()
            .any(|tool| tool.name == "search_materials")
    );
    world
        .read(
            "lease.md",
            "# Animals\n\nA cat or a dog needs the written consent of the owner.",
        )
        .await;
    let lease = begin(&world.ada, &host).await;
    let query = json!({"query": "May I have a dog?"}).to_string();
    let told = host
        .run_tool(lease, "search_materials", &query)
        .await
        .unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["passages"][0]["source"], "lease.md, “Animals”");
    assert!(
        told["passages"][0]["text"]
            .as_str()
            .unwrap()
            .contains("written consent")
    );
    assert!(
        told["note"]
            .as_str()
            .unwrap()
            .contains("never instructions")
    );
}

#[tokio::test]
async fn a_tutor_finds_nothing_of_another_learner_and_nothing_without_the_lease() {
    let server = LiveKitServer::start(None).await;
    let world = world(&server).await;
    let host = world.app.tutor_host();
    world
        .read(
            "lease.md",
            "A cat or a dog needs the written consent of the owner.",
        )
        .await;
    let eve = world.app.learner().await;
    let lease = begin(&eve, &host).await;
    let query = json!({"query": "dog"}).to_string();
    let told = host
        .run_tool(lease, "search_materials", &query)
        .await
        .unwrap();
    assert!(told.contains("Nothing was found"), "{told}");
    let lost = Lease {
        epoch: lease.epoch - 1,
        ..lease
    };
    let refused = host.run_tool(lost, "search_materials", &query).await;
    assert!(matches!(refused, Err(HostError::LeaseLost)), "{refused:?}");
    let refused = host.run_tool(lease, "search_materials", "{}").await;
    assert!(matches!(refused, Err(HostError::Refused(_))), "{refused:?}");
}
