//! Who is in the room: what the server tells us as whole states, told on as changes.

use std::collections::{BTreeMap, HashMap};

use livekit_protocol as proto;
use proto::participant_info::{Kind, State};

use crate::room::{Participant, ParticipantKind};

/// Everyone but ourselves, by the id of their stay.
#[derive(Default)]
pub(super) struct Participants {
    present: HashMap<String, Present>,
}

struct Present {
    participant: Participant,
    joined_at_ms: i64,
    tracks: HashMap<String, Track>,
}

#[derive(Clone, Copy, PartialEq)]
struct Track {
    audio: bool,
    microphone: bool,
    muted: bool,
}

/// A difference to what was known.
#[derive(Debug, PartialEq)]
pub(super) enum Change {
    Joined(Participant),
    Left {
        identity: String,
        sid: String,
    },
    Attributes {
        identity: String,
        attributes: BTreeMap<String, String>,
    },
    Muted {
        identity: String,
        track_id: String,
        muted: bool,
    },
    TrackGone {
        identity: String,
        track_id: String,
    },
    /// A track that we do not want to receive.
    VideoAdded {
        track_id: String,
    },
}

/// A track that began to sound.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub identity: String,
    pub microphone: bool,
    pub muted: bool,
}

impl Participants {
    /// Takes in what the server says of some participants.
    pub fn update(
        &mut self,
        infos: Vec<proto::ParticipantInfo>,
        own_identity: &str,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        for info in infos {
            if info.identity == own_identity {
                continue;
            }
            if info.state() == State::Disconnected {
                self.remove(&info.sid, &mut changes);
            } else {
                self.enter(info, &mut changes);
            }
        }
        changes
    }

    /// Takes in the whole list: who is not in it has left.
    pub fn replace(
        &mut self,
        infos: Vec<proto::ParticipantInfo>,
        own_identity: &str,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        let gone: Vec<String> = self
            .present
            .keys()
            .filter(|sid| !infos.iter().any(|info| info.sid == **sid))
            .cloned()
            .collect();
        for sid in gone {
            self.remove(&sid, &mut changes);
        }
        changes.extend(self.update(infos, own_identity));
        changes
    }

    /// Returns whose a track is.
    pub fn owner(&self, track_id: &str) -> Option<Owner> {
        self.present.values().find_map(|present| {
            let track = present.tracks.get(track_id)?;
            Some(Owner {
                identity: present.participant.identity.clone(),
                microphone: track.microphone,
                muted: track.muted,
            })
        })
    }

    fn enter(&mut self, info: proto::ParticipantInfo, changes: &mut Vec<Change>) {
        let active = info.state() == State::Active;
        let mut tracks = HashMap::new();
        for track in &info.tracks {
            tracks.insert(
                track.sid.clone(),
                Track {
                    audio: track.r#type() == proto::TrackType::Audio,
                    microphone: track.source() == proto::TrackSource::Microphone,
                    muted: track.muted,
                },
            );
        }
        let kind = match info.kind() {
            Kind::Standard => ParticipantKind::Standard,
            Kind::Agent => ParticipantKind::Agent,
            _ => ParticipantKind::Other,
        };
        let identity = info.identity.clone();
        let participant = Participant {
            identity: info.identity,
            sid: info.sid,
            kind,
            attributes: info.attributes.into_iter().collect(),
        };
        let joined_at_ms = info.joined_at_ms;
        let Some(known) = self.present.get_mut(&participant.sid) else {
            // Until then nothing that we send would reach them.
            if !active {
                return;
            }
            // A quick rejoin: the older stay is over, whether or not we have been told.
            let other = self
                .present
                .values()
                .find(|present| present.participant.identity == identity);
            if let Some(other) = other {
                if other.joined_at_ms > joined_at_ms {
                    return;
                }
                let older = other.participant.sid.clone();
                self.remove(&older, changes);
            }
            changes.push(Change::Joined(participant.clone()));
            video(&HashMap::new(), &tracks, changes);
            self.present.insert(
                participant.sid.clone(),
                Present {
                    participant,
                    joined_at_ms,
                    tracks,
                },
            );
            return;
        };
        if known.participant.attributes != participant.attributes {
            changes.push(Change::Attributes {
                identity: identity.clone(),
                attributes: participant.attributes.clone(),
            });
        }
        for (track_id, before) in &known.tracks {
            match tracks.get(track_id) {
                None => changes.push(Change::TrackGone {
                    identity: identity.clone(),
                    track_id: track_id.clone(),
                }),
                Some(now) if now.muted != before.muted => {
                    changes.push(Change::Muted {
                        identity: identity.clone(),
                        track_id: track_id.clone(),
                        muted: now.muted,
                    });
                }
                Some(_) => {}
            }
        }
        video(&known.tracks, &tracks, changes);
        *known = Present {
            participant,
            joined_at_ms,
            tracks,
        };
    }

    fn remove(&mut self, sid: &str, changes: &mut Vec<Change>) {
        let Some(present) = self.present.remove(sid) else {
            return;
        };
        let identity = present.participant.identity;
        for track_id in present.tracks.into_keys() {
            changes.push(Change::TrackGone {
                identity: identity.clone(),
                track_id,
            });
        }
        changes.push(Change::Left {
            identity,
            sid: sid.to_owned(),
        });
    }
}

fn video(before: &HashMap<String, Track>, now: &HashMap<String, Track>, changes: &mut Vec<Change>) {
    for (track_id, track) in now {
        if !track.audio && !before.contains_key(track_id) {
            changes.push(Change::VideoAdded {
                track_id: track_id.clone(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(identity: &str, sid: &str, tracks: &[(&str, bool)]) -> proto::ParticipantInfo {
        proto::ParticipantInfo {
            identity: identity.into(),
            sid: sid.into(),
            state: State::Active as i32,
            tracks: tracks
                .iter()
                .map(|(sid, muted)| proto::TrackInfo {
                    sid: (*sid).into(),
                    muted: *muted,
                    source: proto::TrackSource::Microphone as i32,
                    ..proto::TrackInfo::default()
                })
                .collect(),
            ..proto::ParticipantInfo::default()
        }
    }

    fn left(identity: &str, sid: &str) -> Change {
        Change::Left {
            identity: identity.into(),
            sid: sid.into(),
        }
    }

    #[test]
    fn muting_and_ending_a_track_are_told_as_changes() {
        let mut participants = Participants::default();
        let first = participants.update(vec![info("ada", "PA_1", &[("TR_1", false)])], "tutor");
        assert!(matches!(first.as_slice(), [Change::Joined(ada)] if ada.identity == "ada"));
        assert_eq!(
            participants.owner("TR_1"),
            Some(Owner {
                identity: "ada".into(),
                microphone: true,
                muted: false
            })
        );
        let muted = participants.update(vec![info("ada", "PA_1", &[("TR_1", true)])], "tutor");
        assert_eq!(
            muted,
            [Change::Muted {
                identity: "ada".into(),
                track_id: "TR_1".into(),
                muted: true
            }]
        );
        let ended = participants.update(vec![info("ada", "PA_1", &[])], "tutor");
        assert_eq!(
            ended,
            [Change::TrackGone {
                identity: "ada".into(),
                track_id: "TR_1".into()
            }]
        );
        assert_eq!(participants.owner("TR_1"), None);
    }

    #[test]
    fn a_rejoin_ends_the_older_stay_once_whatever_order_the_news_come_in() {
        let mut participants = Participants::default();
        participants.update(vec![info("ada", "PA_1", &[])], "tutor");
        let rejoined = participants.update(vec![info("ada", "PA_2", &[])], "tutor");
        assert_eq!(rejoined[0], left("ada", "PA_1"));
        assert!(matches!(&rejoined[1], Change::Joined(ada) if ada.sid == "PA_2"));
        let mut late = info("ada", "PA_1", &[]);
        late.state = State::Disconnected as i32;
        assert_eq!(participants.update(vec![late], "tutor"), []);
    }

    #[test]
    fn someone_has_joined_once_they_can_be_reached() {
        let mut participants = Participants::default();
        let mut joining = info("ada", "PA_1", &[]);
        joining.state = State::Joined as i32;
        assert_eq!(participants.update(vec![joining], "tutor"), []);
        let changes = participants.update(vec![info("ada", "PA_1", &[])], "tutor");
        assert!(matches!(changes.as_slice(), [Change::Joined(_)]));
    }

    #[test]
    fn after_a_resume_who_is_missing_has_left_and_we_are_never_listed() {
        let mut participants = Participants::default();
        participants.update(
            vec![info("ada", "PA_1", &[]), info("ben", "PA_2", &[])],
            "tutor",
        );
        let changes = participants.replace(
            vec![info("ben", "PA_2", &[]), info("tutor", "PA_3", &[])],
            "tutor",
        );
        assert_eq!(changes, [left("ada", "PA_1")]);
    }
}
