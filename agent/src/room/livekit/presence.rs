//! Who is there and who can be heard, told to the conversation.

use std::sync::Arc;

use livekit_protocol as proto;
use proto::signal_request::Message as Request;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use webrtc::media_stream::track_remote::TrackRemote;

use super::participants::Change;
use super::session::Session;
use super::shared::lock;
use super::tracks;
use crate::room::{AUDIO_QUEUE, RoomEvent};

/// Tracks that sound before we know whose they are.
const UNKNOWN_TRACKS: usize = 16;

/// A track that the conversation was told of.
pub(super) struct HeardTrack {
    identity: String,
    gone: CancellationToken,
}

impl Session {
    /// Takes in who was there before us.
    pub(super) fn welcome(&mut self, join: proto::JoinResponse) {
        self.muted_at_server = self.shared.microphone.is_muted();
        let changes = self
            .participants
            .replace(join.other_participants, &self.plan.request.identity);
        self.tell(changes);
    }

    pub(super) async fn on_participants(&mut self, infos: Vec<proto::ParticipantInfo>) {
        let own = &self.plan.request.identity;
        // The first list after a resume holds everyone, ourselves too; who left meanwhile is told of nowhere else.
        let whole = self.whole_list_due && infos.iter().any(|info| info.identity == *own);
        self.whole_list_due &= !whole;
        let changes = if whole {
            self.participants.replace(infos, own)
        } else {
            self.participants.update(infos, own)
        };
        let videos = self.tell(changes);
        if !videos.is_empty() {
            let unwanted = proto::UpdateSubscription {
                track_sids: videos,
                ..proto::UpdateSubscription::default()
            };
            self.connection
                .signal
                .send(Request::Subscription(unwanted))
                .await;
        }
        for (track_id, track) in std::mem::take(&mut self.unknown_tracks) {
            self.hear(track_id, track);
        }
    }

    /// Tells the conversation of changes; returns the tracks that we do not want.
    fn tell(&mut self, changes: Vec<Change>) -> Vec<String> {
        let mut unwanted = Vec::new();
        for change in changes {
            match change {
                Change::Joined(participant) => self.events.emit(RoomEvent::Joined(participant)),
                Change::Left { identity, sid } => {
                    lock(&self.connection.inbox).forget(&sid, &identity);
                    self.events.emit(RoomEvent::Left { identity, sid });
                }
                Change::Attributes {
                    identity,
                    attributes,
                } => self.events.emit(RoomEvent::Attributes {
                    identity,
                    attributes,
                }),
                Change::Muted {
                    identity,
                    track_id,
                    muted,
                } => {
                    if self.tracks.contains_key(&track_id) {
                        self.events.emit(RoomEvent::TrackMuted {
                            identity,
                            track_id,
                            muted,
                        });
                    }
                }
                Change::TrackGone { track_id, .. } => self.lose(&track_id),
                Change::VideoAdded { track_id } => unwanted.push(track_id),
            }
        }
        unwanted
    }

    pub(super) fn hear(&mut self, track_id: String, track: Arc<dyn TrackRemote>) {
        let Some(owner) = self.participants.owner(&track_id) else {
            if self.unknown_tracks.len() < UNKNOWN_TRACKS {
                self.unknown_tracks.push((track_id, track));
            }
            return;
        };
        self.lose(&track_id);
        let (packets, audio) = mpsc::channel(AUDIO_QUEUE);
        let gone = self.connection.gone.child_token();
        self.shared
            .tasks
            .spawn(tracks::forward(track, packets, gone.clone()));
        self.tracks.insert(
            track_id.clone(),
            HeardTrack {
                identity: owner.identity.clone(),
                gone,
            },
        );
        let (identity, microphone, muted) = (owner.identity, owner.microphone, owner.muted);
        self.events.emit(RoomEvent::TrackUp {
            identity,
            track_id,
            microphone,
            muted,
            audio,
        });
    }

    fn lose(&mut self, track_id: &str) {
        self.unknown_tracks.retain(|(id, _)| id != track_id);
        if let Some(track) = self.tracks.remove(track_id) {
            track.gone.cancel();
            self.events.emit(RoomEvent::TrackDown {
                identity: track.identity,
                track_id: track_id.to_owned(),
            });
        }
    }

    pub(super) fn lose_all_tracks(&mut self) {
        self.unknown_tracks.clear();
        let track_ids: Vec<String> = self.tracks.keys().cloned().collect();
        for track_id in track_ids {
            self.lose(&track_id);
        }
    }
}
