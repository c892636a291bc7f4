//! The smallest true use of a room: joins one, sends every microphone's sound back, and what people type as their transcript.
//!
//! ```sh
//! cargo run --example echo_room -- ws://localhost:7880 KEY SECRET ROOM
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use avaaz_agent::room::livekit::{LiveKitConfig, LiveKitConnector};
use avaaz_agent::room::{AudioFrame, JoinRoom, JoinedRoom, RoomConnector, RoomEvent, TextHeader};
use secrecy::SecretString;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, key, secret, room] = arguments.as_slice() else {
        return Err("usage: echo_room URL KEY SECRET ROOM".into());
    };
    let connector = LiveKitConnector::new(LiveKitConfig::new(
        url,
        key,
        SecretString::from(secret.as_str()),
    ));
    let request = JoinRoom {
        room: room.clone(),
        identity: "echo".into(),
        name: "Echo".into(),
        attributes: BTreeMap::from([("lk.agent.state".into(), "listening".into())]),
    };
    let JoinedRoom {
        room,
        mut events,
        audio,
    } = connector.join(request).await?;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(RoomEvent::TrackUp { identity, audio: mut packets, microphone: true, .. }) => {
                    println!("{identity} can be heard");
                    let voice = audio.clone();
                    tokio::spawn(async move {
                        while let Some(packet) = packets.recv().await {
                            let duration = Duration::from_millis(20);
                            let frame = AudioFrame { opus: packet.opus, duration, level_dbov: 30, first: false };
                            if voice.send(frame).await.is_err() {
                                println!("a frame was not sent");
                            }
                        }
                    });
                }
                Some(RoomEvent::Text { from, stream_id, text, .. }) => {
                    println!("{from} typed {} characters", text.chars().count());
                    room.open_text(TextHeader {
                        stream_id: stream_id.clone(),
                        topic: "lk.transcription".into(),
                        on_behalf_of: Some(from),
                        attributes: BTreeMap::from([("lk.transcription_final".into(), "true".into())]),
                        to: Vec::new(),
                    })?;
                    room.write_text(&stream_id, &text)?;
                    room.close_text(&stream_id)?;
                }
                Some(RoomEvent::Closed(reason)) => {
                    println!("closed: {reason:?}");
                    return Ok(());
                }
                Some(other) => println!("{other:?}"),
                None => return Ok(()),
            },
            _ = tokio::signal::ctrl_c() => room.close().await,
        }
    }
}
