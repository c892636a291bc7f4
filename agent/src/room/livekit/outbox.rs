//! Data out: text streams and packets, numbered, kept for a resume, written by one task.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use livekit_protocol as proto;
use prost::Message;
use proto::data_packet::Value;
use proto::data_stream::{
    Chunk, Header, TextHeader as WireTextHeader, Trailer, header::ContentHeader,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use webrtc::data_channel::DataChannel;

use crate::room::TextHeader;

/// How many commands may wait, for instance through a reconnect.
pub(super) const COMMAND_QUEUE: usize = 512;
/// A chunk must stay below the 16 KB that every client takes.
const CHUNK_BYTES: usize = 15_000;
/// What is kept for the case that a resume asks for it again.
const KEPT_BYTES: usize = 256 * 1024;
/// Streams that were opened and never closed are forgotten beyond this.
const OPEN_STREAMS: usize = 256;

/// A command of the conversation.
#[derive(Debug)]
pub(super) enum Outgoing {
    OpenText(TextHeader),
    WriteText { stream_id: String, text: String },
    CloseText { stream_id: String },
    Data { topic: String, payload: Bytes },
}

/// Where packets go now.
#[derive(Clone)]
pub(super) enum Link {
    /// Nowhere: commands wait.
    Down,
    /// Into the reliable channel of a connection.
    Up {
        channel: Arc<dyn DataChannel>,
        /// Counts stays: in a new one numbers begin at 1 and the receivers know no stream of ours.
        stay: u64,
        /// The last packet that the server has, when it asked after a resume.
        received_up_to: Option<u32>,
    },
}

/// Writes commands to the link until the room closes.
pub(super) async fn run(
    mut commands: mpsc::Receiver<Outgoing>,
    mut link: watch::Receiver<Link>,
    identity: String,
    closing: CancellationToken,
) {
    let mut outbox = Outbox {
        identity,
        ..Outbox::default()
    };
    loop {
        let current = link.borrow_and_update().clone();
        let Link::Up {
            channel,
            stay,
            received_up_to,
        } = current
        else {
            tokio::select! {
                () = closing.cancelled() => return,
                changed = link.changed() => if changed.is_err() { return } else { continue },
            }
        };
        outbox.enter(stay);
        for packet in outbox.missing(received_up_to) {
            let _ = channel.send(packet).await;
        }
        loop {
            tokio::select! {
                () = closing.cancelled() => return,
                changed = link.changed() => if changed.is_err() { return } else { break },
                command = commands.recv() => {
                    let Some(command) = command else { return };
                    for packet in outbox.packets(command) {
                        tokio::select! {
                            () = closing.cancelled() => return,
                            // A closed channel means that a new connection is on its way; what a resume misses is kept.
                            _ = channel.send(packet) => {}
                        }
                    }
                }
            }
        }
    }
}

#[derive(Default)]
struct Outbox {
    identity: String,
    stay: u64,
    sequence: u32,
    sent: VecDeque<(u32, Bytes)>,
    sent_bytes: usize,
    open: HashMap<String, OpenStream>,
}

struct OpenStream {
    next_chunk: u64,
    to: Vec<String>,
}

impl Outbox {
    fn enter(&mut self, stay: u64) {
        if self.stay != stay {
            *self = Self {
                identity: std::mem::take(&mut self.identity),
                stay,
                ..Self::default()
            };
        }
    }

    /// Returns what the server did not get of what was sent before a resume.
    fn missing(&self, received_up_to: Option<u32>) -> Vec<BytesMut> {
        let Some(last) = received_up_to else {
            return Vec::new();
        };
        self.sent
            .iter()
            .filter(|(sequence, _)| *sequence > last)
            .map(|(_, packet)| BytesMut::from(&packet[..]))
            .collect()
    }

    fn packets(&mut self, command: Outgoing) -> Vec<BytesMut> {
        match command {
            Outgoing::OpenText(header) => {
                if self.open.len() >= OPEN_STREAMS {
                    tracing::debug!("too many open text streams: forgetting them");
                    self.open.clear();
                }
                self.open.insert(
                    header.stream_id.clone(),
                    OpenStream {
                        next_chunk: 0,
                        to: header.to.clone(),
                    },
                );
                vec![self.open_packet(header)]
            }
            Outgoing::WriteText { stream_id, text } => {
                let mut packets = Vec::new();
                for piece in pieces(&text) {
                    let Some(stream) = self.open.get_mut(&stream_id) else {
                        // Opened in an earlier stay, or never.
                        return packets;
                    };
                    let chunk = Chunk {
                        stream_id: stream_id.clone(),
                        chunk_index: stream.next_chunk,
                        content: piece.as_bytes().to_vec(),
                        ..Chunk::default()
                    };
                    stream.next_chunk += 1;
                    let to = stream.to.clone();
                    packets.push(self.packet(Value::StreamChunk(chunk), None, to));
                }
                packets
            }
            Outgoing::CloseText { stream_id } => match self.open.remove(&stream_id) {
                Some(stream) => {
                    let trailer = Trailer {
                        stream_id,
                        ..Trailer::default()
                    };
                    vec![self.packet(Value::StreamTrailer(trailer), None, stream.to)]
                }
                None => Vec::new(),
            },
            Outgoing::Data { topic, payload } => {
                let user = proto::UserPacket {
                    payload: payload.to_vec(),
                    topic: Some(topic),
                    ..proto::UserPacket::default()
                };
                vec![self.packet(Value::User(user), None, Vec::new())]
            }
        }
    }

    fn open_packet(&mut self, header: TextHeader) -> BytesMut {
        let wire = Header {
            stream_id: header.stream_id,
            timestamp: unix_ms(),
            topic: header.topic,
            mime_type: "text/plain".to_owned(),
            attributes: header.attributes.into_iter().collect(),
            content_header: Some(ContentHeader::TextHeader(WireTextHeader::default())),
            ..Header::default()
        };
        // The server keeps a foreign identity on the header alone; chunks and trailers go out under our own.
        self.packet(Value::StreamHeader(wire), header.on_behalf_of, header.to)
    }

    fn packet(&mut self, value: Value, on_behalf_of: Option<String>, to: Vec<String>) -> BytesMut {
        self.sequence += 1;
        let packet = proto::DataPacket {
            participant_identity: on_behalf_of.unwrap_or_else(|| self.identity.clone()),
            destination_identities: to,
            sequence: self.sequence,
            value: Some(value),
            ..proto::DataPacket::default()
        };
        let mut encoded = BytesMut::with_capacity(packet.encoded_len());
        // A BytesMut grows as needed, so encoding cannot fail.
        let _ = packet.encode(&mut encoded);
        self.keep(Bytes::copy_from_slice(&encoded));
        encoded
    }

    fn keep(&mut self, packet: Bytes) {
        self.sent_bytes += packet.len();
        self.sent.push_back((self.sequence, packet));
        while self.sent_bytes > KEPT_BYTES {
            let Some((_, oldest)) = self.sent.pop_front() else {
                break;
            };
            self.sent_bytes -= oldest.len();
        }
    }
}

/// Splits text so that each piece can be decoded alone.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let (piece, rest) = text.split_at(text.floor_char_boundary(CHUNK_BYTES));
        text = rest;
        Some(piece)
    })
}

fn unix_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn header(stream_id: &str) -> TextHeader {
        TextHeader {
            stream_id: stream_id.into(),
            topic: "lk.transcription".into(),
            on_behalf_of: Some("learner-1".into()),
            attributes: BTreeMap::new(),
            to: Vec::new(),
        }
    }

    fn outbox() -> Outbox {
        Outbox {
            identity: "tutor-1".into(),
            ..Outbox::default()
        }
    }

    fn decode(packet: &BytesMut) -> proto::DataPacket {
        proto::DataPacket::decode(&packet[..]).unwrap()
    }

    #[test]
    fn long_text_is_split_on_character_boundaries() {
        let text = "é".repeat(20_000);
        let pieces: Vec<&str> = pieces(&text).collect();
        assert!(pieces.len() > 2 && pieces.iter().all(|piece| piece.len() <= CHUNK_BYTES));
        assert_eq!(pieces.concat(), text);
    }

    #[test]
    fn only_the_header_carries_the_other_identity_and_chunks_are_counted() {
        let mut outbox = outbox();
        let mut packets = outbox.packets(Outgoing::OpenText(header("s")));
        packets.extend(outbox.packets(Outgoing::WriteText {
            stream_id: "s".into(),
            text: "one".into(),
        }));
        packets.extend(outbox.packets(Outgoing::WriteText {
            stream_id: "s".into(),
            text: "two".into(),
        }));
        packets.extend(outbox.packets(Outgoing::CloseText {
            stream_id: "s".into(),
        }));
        let packets: Vec<_> = packets.iter().map(decode).collect();
        let senders: Vec<_> = packets
            .iter()
            .map(|packet| packet.participant_identity.as_str())
            .collect();
        assert_eq!(senders, ["learner-1", "tutor-1", "tutor-1", "tutor-1"]);
        let sequences: Vec<_> = packets.iter().map(|packet| packet.sequence).collect();
        assert_eq!(sequences, [1, 2, 3, 4]);
        let Some(Value::StreamChunk(second)) = &packets[2].value else {
            panic!("not a chunk")
        };
        assert_eq!(
            (second.chunk_index, second.content.as_slice()),
            (1, "two".as_bytes())
        );
    }

    #[test]
    fn a_resume_repeats_what_the_server_lacks_and_a_new_stay_repeats_nothing() {
        let mut outbox = outbox();
        outbox.enter(1);
        outbox.packets(Outgoing::OpenText(header("s")));
        for text in ["a", "b"] {
            outbox.packets(Outgoing::WriteText {
                stream_id: "s".into(),
                text: text.into(),
            });
        }
        let again: Vec<_> = outbox
            .missing(Some(1))
            .iter()
            .map(|packet| decode(packet).sequence)
            .collect();
        assert_eq!(again, [2, 3]);
        outbox.enter(2);
        assert!(outbox.missing(Some(0)).is_empty());
        assert!(
            outbox
                .packets(Outgoing::WriteText {
                    stream_id: "s".into(),
                    text: "late".into()
                })
                .is_empty()
        );
    }
}
