use bytes::Bytes;

use super::super::format::level_dbov;
use super::super::opus::Encoder;
use super::*;

/// A track whose packets arrive when a test says so.
struct Track {
    start: Instant,
    packets: Vec<AudioPacket>,
    receiver: Receiver,
}

impl Track {
    /// Makes `count` packets of a loud tone, from this sequence number on.
    fn new(count: u16, first: u16) -> Self {
        let mut encoder = Encoder::new(24_000).unwrap();
        let start = Instant::now();
        let packets = (0..count)
            .map(|n| {
                let tone: Vec<i16> = (0..480_u32)
                    .map(|i| {
                        let t = f64::from(u32::from(n) * 480 + i) / 24_000.0;
                        ((t * 300.0 * std::f64::consts::TAU).sin() * 9000.0) as i16
                    })
                    .collect();
                AudioPacket {
                    sequence: first.wrapping_add(n),
                    // Wraps around in the middle of every test.
                    timestamp: (u32::MAX - 2000).wrapping_add(u32::from(n) * 960),
                    arrived: start,
                    opus: encoder.encode(&tone).unwrap(),
                }
            })
            .collect();
        Self {
            start,
            packets,
            receiver: Receiver::new(24_000).unwrap(),
        }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    /// Packet `n` arrives at `ms`.
    fn arrives(&mut self, n: usize, ms: u64) {
        let now = self.at(ms);
        self.pass_time(now);
        let mut packet = self.packets[n].clone();
        packet.arrived = now;
        self.receiver.handle(packet, now);
    }

    fn pass_time(&mut self, until: Instant) {
        while let Some(due) = self.receiver.poll_timeout().filter(|&due| due <= until) {
            self.receiver.handle_timeout(due);
        }
    }

    fn wait_until(&mut self, ms: u64) {
        let until = self.at(ms);
        self.pass_time(until);
    }

    fn heard(&mut self) -> Vec<Heard> {
        std::iter::from_fn(|| self.receiver.poll()).collect()
    }
}

fn is_silent(heard: &Heard) -> bool {
    level_dbov(&heard.pcm.samples) == 127
}

#[test]
fn a_packet_in_order_leaves_at_once_in_twenty_ms() {
    let mut track = Track::new(5, u16::MAX - 2);
    for n in 0..5 {
        track.arrives(n, 20 * n as u64);
        let heard = track.heard();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].pcm.samples.len(), 480);
        assert!(heard[0].arrived.is_some());
    }
}

#[test]
fn packets_out_of_order_are_put_in_order_across_the_wrap() {
    let mut track = Track::new(4, u16::MAX - 1);
    let mut straight = Track::new(4, u16::MAX - 1);
    for n in 0..4 {
        straight.arrives(n, 20 * n as u64);
    }
    track.arrives(0, 0);
    track.arrives(2, 30);
    assert_eq!(track.heard().len(), 1);
    track.arrives(1, 35);
    track.arrives(3, 60);
    let rest: Vec<_> = track.heard().into_iter().map(|h| h.pcm).collect();
    let expected: Vec<_> = straight
        .heard()
        .into_iter()
        .skip(1)
        .map(|h| h.pcm)
        .collect();
    assert_eq!(rest, expected);
}

#[test]
fn a_gap_is_waited_for_forty_ms_and_then_concealed() {
    let mut track = Track::new(12, 100);
    for n in 0..6 {
        track.arrives(n, 20 * n as u64);
    }
    // Packet 6 never comes.
    track.arrives(7, 140);
    track.arrives(8, 160);
    assert_eq!(track.heard().len(), 6);
    track.wait_until(179);
    assert_eq!(track.heard().len(), 0);
    track.wait_until(180);
    let heard = track.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard[0].arrived.is_none());
    assert!(!is_silent(&heard[0]), "the lost frame is recovered");
    assert!(heard[1].arrived.is_some());
    // Late, and twice.
    track.arrives(6, 190);
    track.arrives(8, 190);
    assert_eq!(track.heard().len(), 0);
    track.arrives(9, 200);
    assert_eq!(track.heard().len(), 1);
}

#[test]
fn a_long_gap_ends_in_silence_and_keeps_its_length() {
    let mut track = Track::new(40, 0);
    for n in 0..4 {
        track.arrives(n, 20 * n as u64);
    }
    track.heard();
    // 16 packets are lost at once, and no time passes that silence could stand for.
    track.arrives(20, 100);
    track.wait_until(140);
    let heard = track.heard();
    assert_eq!(heard.len(), 17);
    assert!(heard.iter().filter(|h| is_silent(h)).count() >= 10);
    assert!(!is_silent(&heard[16]));
}

#[test]
fn quiet_on_purpose_is_filled_in_real_time_and_not_twice() {
    let mut track = Track::new(40, 7);
    track.arrives(0, 0);
    track.arrives(1, 20);
    // The encoder goes quiet: the next packet follows in the numbers, but a second later in the time stamps.
    for packet in &mut track.packets[2..] {
        packet.timestamp = packet.timestamp.wrapping_add(48_000);
    }
    track.heard();
    track.wait_until(600);
    let silence = track.heard();
    assert!(silence.iter().all(is_silent));
    assert!((24..=29).contains(&silence.len()), "{}", silence.len());
    track.arrives(2, 1040);
    let rest = track.heard();
    assert_eq!(silence.len() + rest.len(), 50 + 1);
    assert!(!is_silent(rest.last().unwrap()));
}

#[test]
fn time_passes_when_packets_stop_but_not_for_ever() {
    let mut track = Track::new(4, 7);
    for n in 0..4 {
        track.arrives(n, 20 * n as u64);
    }
    track.heard();
    track.receiver.set_muted(true);
    track.wait_until(1_000);
    let first = track.heard().len();
    assert!((44..=46).contains(&first), "{first}");
    track.wait_until(60_000);
    assert_eq!(first + track.heard().len(), 250);
    assert_eq!(track.receiver.poll_timeout(), None);
}

#[test]
fn a_packet_of_sixty_ms_leaves_in_three_pieces() {
    let mut encoder =
        ::opus::Encoder::new(48_000, ::opus::Channels::Stereo, ::opus::Application::Voip).unwrap();
    let packet = encoder.encode_vec(&vec![500; 2880 * 2], 1275).unwrap();
    let now = Instant::now();
    let mut receiver = Receiver::new(16_000).unwrap();
    receiver.handle(
        AudioPacket {
            sequence: 0,
            timestamp: 0,
            arrived: now,
            opus: packet.into(),
        },
        now,
    );
    let pieces: Vec<usize> = std::iter::from_fn(|| receiver.poll())
        .map(|h| h.pcm.samples.len())
        .collect();
    assert_eq!(pieces, [320, 320, 320]);
}

#[test]
fn rubbish_is_silence_and_another_stream_begins_anew() {
    let mut track = Track::new(4, 0);
    track.packets[1].opus = Bytes::from_static(&[0xff, 0xff, 0xff]);
    track.arrives(0, 0);
    track.arrives(1, 20);
    track.packets[2].sequence = 30_000;
    track.packets[2].timestamp = 5;
    track.arrives(2, 40);
    let heard = track.heard();
    assert_eq!(heard.len(), 3);
    assert!(is_silent(&heard[1]));
    track.packets[3].sequence = 30_001;
    track.packets[3].timestamp = 965;
    track.arrives(3, 60);
    assert_eq!(track.heard().len(), 1);
}

#[test]
fn after_silence_of_any_length_a_packet_still_leaves_whole_and_at_once() {
    for late in 0..20 {
        let mut track = Track::new(80, 0);
        track.arrives(0, 0);
        track.heard();
        // Whoever drives the receiver is never on time to the millisecond.
        for _ in 0..3 {
            let due = track.receiver.poll_timeout().unwrap();
            track
                .receiver
                .handle_timeout(due + Duration::from_millis(late));
        }
        assert!(track.heard().iter().all(is_silent));
        // The sender's clock went on, too, and not in whole pieces.
        track.packets[1].timestamp = track.packets[1].timestamp.wrapping_add(20 * 960 + 480);
        track.arrives(1, 600);
        let heard = track.heard();
        let now = track.at(600);
        assert!(heard.last().is_some_and(|last| last.arrived == Some(now)));
        let spoken: Vec<_> = heard
            .iter()
            .filter(|piece| piece.arrived.is_some())
            .collect();
        assert_eq!(spoken.len(), 1, "{late}");
        assert!(!is_silent(spoken[0]));
        assert!(track.receiver.partial.is_empty(), "{late}");
    }
}
