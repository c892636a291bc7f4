//! Data in: packets without repetitions, text streams put together, old clients' chat.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use livekit_protocol as proto;
use prost::Message;
use proto::data_packet::Value;
use proto::data_stream::{Chunk, Header, header::ContentHeader};
use tokio_util::sync::CancellationToken;
use webrtc::data_channel::{DataChannel, DataChannelEvent};

use super::session::{Emitter, PeerEvents};
use super::shared::lock;
use crate::room::RoomEvent;

/// Where typed text comes in.
const CHAT_TOPIC: &str = "lk.chat";
/// Where clients without text streams send it.
const OLD_CHAT_TOPIC: &str = "lk-chat-topic";
/// A text stream beyond this is dropped: nobody types that much.
const TEXT_BYTES: usize = 256 * 1024;
/// Streams that may be open at once; more are not begun.
const OPEN_STREAMS: usize = 64;

/// Reads one channel of a connection until it ends.
pub(super) async fn read(
    channel: Arc<dyn DataChannel>,
    inbox: Arc<Mutex<Inbox>>,
    peer_events: PeerEvents,
    events: Emitter,
    gone: CancellationToken,
) {
    loop {
        let event = tokio::select! {
            () = gone.cancelled() => return,
            event = channel.poll() => event,
        };
        match event {
            Some(DataChannelEvent::OnMessage(message)) => {
                let received = lock(&inbox).receive(&message.data);
                if let Some(received) = received {
                    events.emit(received);
                }
            }
            // Comes again at each negotiation; hearing it twice does no harm.
            Some(DataChannelEvent::OnOpen) => peer_events.channel_open(channel.id()),
            Some(_) => {}
            None => return,
        }
    }
}

/// What has come in over one stay's channels.
#[derive(Default)]
pub(super) struct Inbox {
    /// The last reliable packet of each stay, by its sid.
    last_sequence: HashMap<String, u32>,
    open: HashMap<String, OpenText>,
}

struct OpenText {
    from: String,
    topic: String,
    attributes: BTreeMap<String, String>,
    text: Vec<u8>,
}

impl Inbox {
    /// Returns what the server should know about what we have received.
    pub fn receive_states(&self) -> Vec<proto::DataChannelReceiveState> {
        self.last_sequence
            .iter()
            .map(|(sid, last)| proto::DataChannelReceiveState {
                publisher_sid: sid.clone(),
                last_seq: *last,
            })
            .collect()
    }

    /// Forgets a participant that left.
    pub fn forget(&mut self, sid: &str, identity: &str) {
        self.last_sequence.remove(sid);
        self.open.retain(|_, stream| stream.from != identity);
    }

    /// Takes in a message; returns what the conversation shall hear of it.
    pub fn receive(&mut self, message: &[u8]) -> Option<RoomEvent> {
        let Ok(packet) = proto::DataPacket::decode(message) else {
            tracing::debug!(bytes = message.len(), "a data packet cannot be read");
            return None;
        };
        if packet.sequence > 0 && !packet.participant_sid.is_empty() {
            let last = self
                .last_sequence
                .entry(packet.participant_sid)
                .or_insert(0);
            if packet.sequence <= *last {
                return None;
            }
            *last = packet.sequence;
        }
        match packet.value? {
            Value::StreamHeader(header) => {
                self.begin(packet.participant_identity, header);
                None
            }
            Value::StreamChunk(chunk) => {
                self.append(&chunk);
                None
            }
            Value::StreamTrailer(trailer) => {
                let stream = self.open.remove(&trailer.stream_id)?;
                let mut attributes = stream.attributes;
                attributes.extend(trailer.attributes);
                Some(RoomEvent::Text {
                    from: stream.from,
                    topic: stream.topic,
                    stream_id: trailer.stream_id,
                    attributes,
                    text: String::from_utf8_lossy(&stream.text).into_owned(),
                })
            }
            Value::User(user) => from_user_packet(packet.participant_identity, user),
            _ => None,
        }
    }

    fn begin(&mut self, from: String, header: Header) {
        // Byte streams (a recording of what was said before the join, files) are not for us.
        if !matches!(header.content_header, Some(ContentHeader::TextHeader(_)))
            || self.open.len() >= OPEN_STREAMS
        {
            return;
        }
        self.open.insert(
            header.stream_id,
            OpenText {
                from,
                topic: header.topic,
                attributes: header.attributes.into_iter().collect(),
                text: header.inline_content.unwrap_or_default(),
            },
        );
    }

    fn append(&mut self, chunk: &Chunk) {
        let Some(stream) = self.open.get_mut(&chunk.stream_id) else {
            return;
        };
        if stream.text.len() + chunk.content.len() > TEXT_BYTES {
            tracing::debug!("a text stream is too long and is dropped");
            self.open.remove(&chunk.stream_id);
        } else {
            stream.text.extend_from_slice(&chunk.content);
        }
    }
}

/// The chat message of a client without text streams.
#[derive(serde::Deserialize)]
struct OldChat {
    #[serde(default)]
    id: String,
    message: String,
    /// Set when the same words come as a text stream, too.
    #[serde(default, rename = "ignoreLegacy")]
    comes_twice: bool,
}

fn from_user_packet(from: String, user: proto::UserPacket) -> Option<RoomEvent> {
    let topic = user.topic.unwrap_or_default();
    if topic != OLD_CHAT_TOPIC {
        return Some(RoomEvent::Data {
            from,
            topic,
            payload: Bytes::from(user.payload),
        });
    }
    let chat: OldChat = serde_json::from_slice(&user.payload).ok()?;
    (!chat.comes_twice).then(|| RoomEvent::Text {
        from,
        topic: CHAT_TOPIC.to_owned(),
        stream_id: chat.id,
        attributes: BTreeMap::new(),
        text: chat.message,
    })
}

#[cfg(test)]
mod tests {
    use livekit_protocol::data_stream::{TextHeader, Trailer};

    use super::*;

    fn packet(sequence: u32, value: Value) -> Vec<u8> {
        proto::DataPacket {
            participant_identity: "learner-1".into(),
            participant_sid: "PA_1".into(),
            sequence,
            value: Some(value),
            ..proto::DataPacket::default()
        }
        .encode_to_vec()
    }

    fn chunk(index: u64, content: &[u8]) -> Value {
        Value::StreamChunk(Chunk {
            stream_id: "s".into(),
            chunk_index: index,
            content: content.to_vec(),
            ..Chunk::default()
        })
    }

    fn text_header() -> Value {
        Value::StreamHeader(Header {
            stream_id: "s".into(),
            topic: "lk.chat".into(),
            content_header: Some(ContentHeader::TextHeader(TextHeader::default())),
            ..Header::default()
        })
    }

    #[test]
    fn a_text_stream_comes_whole_and_a_repeated_packet_is_dropped() {
        let mut inbox = Inbox::default();
        assert!(inbox.receive(&packet(1, text_header())).is_none());
        assert!(inbox.receive(&packet(2, chunk(0, b"Ol\xC3"))).is_none());
        assert!(inbox.receive(&packet(2, chunk(0, b"Ol\xC3"))).is_none());
        assert!(inbox.receive(&packet(3, chunk(1, b"\xA1"))).is_none());
        let trailer = Value::StreamTrailer(Trailer {
            stream_id: "s".into(),
            ..Trailer::default()
        });
        let Some(RoomEvent::Text {
            from, topic, text, ..
        }) = inbox.receive(&packet(4, trailer))
        else {
            panic!("no text")
        };
        assert_eq!(
            (from.as_str(), topic.as_str(), text.as_str()),
            ("learner-1", "lk.chat", "Olá")
        );
        assert_eq!(inbox.receive_states()[0].last_seq, 4);
    }

    #[test]
    fn an_old_chat_packet_is_text_unless_it_comes_as_a_stream_too() {
        let mut inbox = Inbox::default();
        let old = |payload: &str| {
            Value::User(proto::UserPacket {
                topic: Some(OLD_CHAT_TOPIC.into()),
                payload: payload.as_bytes().to_vec(),
                ..proto::UserPacket::default()
            })
        };
        let heard = inbox.receive(&packet(
            0,
            old(r#"{"id":"1","timestamp":5,"message":"hello"}"#),
        ));
        assert!(
            matches!(heard, Some(RoomEvent::Text { topic, text, .. }) if topic == "lk.chat" && text == "hello")
        );
        assert!(
            inbox
                .receive(&packet(
                    0,
                    old(r#"{"id":"1","message":"hello","ignoreLegacy":true}"#)
                ))
                .is_none()
        );
    }

    #[test]
    fn rubbish_byte_streams_and_endless_text_do_no_harm() {
        let mut inbox = Inbox::default();
        assert!(inbox.receive(b"\xFF\xFF\xFF").is_none());
        inbox.receive(&packet(1, chunk(0, b"no stream")));
        inbox.receive(&packet(2, text_header()));
        for sequence in 3..40 {
            inbox.receive(&packet(sequence, chunk(0, &[b'a'; 15_000])));
        }
        assert!(inbox.open.is_empty());
    }
}
