//! A provider's session on a real socket, whichever provider it is.

use std::time::Duration;

use avaaz_agent::realtime::ProviderSession;
use avaaz_simulator::{Options, Running, Simulator};
use avaaz_tutor::{Fault, ProviderCommand, ProviderEvent, ReplyEnd, ReplyId};
use serde_json::Value;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(20);

/// Starts a simulator with this script.
pub async fn simulator(script: Value) -> Running {
    let options = Options {
        script: serde_json::from_value(script).expect("a script"),
        api_key: Some("right".to_owned()),
        ..Options::default()
    };
    Simulator::start(options)
        .await
        .expect("a simulator on a free port")
}

/// Waits for the next event.
pub async fn next(session: &mut ProviderSession) -> ProviderEvent {
    timeout(SOON, session.events.recv())
        .await
        .expect("an event in time")
        .expect("an open session")
}

/// Sends a command.
pub async fn ask(session: &ProviderSession, command: ProviderCommand) {
    session
        .commands
        .send(command)
        .await
        .expect("an open session");
}

/// Waits for the end of a session and returns why it ended.
pub async fn closed(mut session: ProviderSession) -> Fault {
    loop {
        if let ProviderEvent::Closed(fault) = next(&mut session).await {
            assert!(session.events.recv().await.is_none(), "nothing follows");
            return fault;
        }
    }
}

/// Collects a whole reply: its id, samples, words, and how it ended.
pub async fn reply(session: &mut ProviderSession) -> (ReplyId, Vec<i16>, String, ReplyEnd) {
    let (mut samples, mut words) = (Vec::new(), String::new());
    loop {
        match next(session).await {
            ProviderEvent::ReplyAudio { pcm, .. } => samples.extend_from_slice(&pcm.samples),
            ProviderEvent::ReplyWords { delta, .. } => words.push_str(&delta),
            ProviderEvent::ReplyEnded { reply, how, .. } => return (reply, samples, words, how),
            ProviderEvent::Closed(fault) => panic!("closed: {fault:?}"),
            _ => {}
        }
    }
}

/// Waits for the first sound of a reply, which goes on.
pub async fn first_sound(session: &mut ProviderSession) -> ReplyId {
    loop {
        if let ProviderEvent::ReplyAudio { reply, .. } = next(session).await {
            return reply;
        }
    }
}

/// Waits until no socket is open any more.
pub async fn settled(simulator: &Running) {
    timeout(SOON, async {
        while simulator.stats().connections_open > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("no orphan costs money");
}
