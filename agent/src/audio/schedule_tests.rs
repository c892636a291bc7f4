use super::*;

const LAG: Duration = Duration::from_millis(60);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn reply(name: &str) -> ReplyId {
    ReplyId(name.into())
}

fn sound(length_ms: usize) -> Pcm {
    Pcm {
        samples: vec![1000; length_ms * 24].into(),
        rate_hz: 24_000,
    }
}

/// A playout whose clock a test moves.
struct Clock {
    start: Instant,
    schedule: Schedule,
    sent_at_ms: Vec<u128>,
    events: Vec<(u128, PlayoutEvent)>,
}

impl Clock {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            schedule: Schedule::default(),
            sent_at_ms: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Runs from one moment to another, waking `late_ms` after each moment that was asked for.
    fn run(&mut self, from_ms: u64, to_ms: u64, late_ms: u64) {
        let mut now = self.start + ms(from_ms);
        let end = self.start + ms(to_ms);
        while now < end {
            let step = self.schedule.step(now, LAG, true);
            let at = now.duration_since(self.start).as_millis();
            while let Some(event) = self.schedule.poll_event() {
                self.events.push((at, event));
            }
            match step {
                Step::Send(frame) => {
                    self.schedule.sent(&frame, now);
                    self.sent_at_ms.push(at);
                }
                Step::Wait(Some(next)) => now = next.max(now) + ms(late_ms),
                Step::Wait(None) => return,
            }
        }
    }

    fn heard(&self) -> Duration {
        self.events
            .iter()
            .rev()
            .find_map(|(_, event)| match event {
                PlayoutEvent::Played { heard, .. } => Some(*heard),
                PlayoutEvent::Drained { .. } => None,
            })
            .unwrap_or_default()
    }
}

#[test]
fn the_first_frame_leaves_at_once_and_the_rest_every_twenty_ms() {
    let mut clock = Clock::new();
    clock.schedule.play(&reply("a"), &sound(200), clock.start);
    clock.run(0, 1000, 0);
    assert_eq!(
        clock.sent_at_ms,
        [0, 20, 40, 60, 80, 100, 120, 140, 160, 180]
    );
}

#[test]
fn late_wake_ups_do_not_make_the_clock_drift() {
    let mut clock = Clock::new();
    clock.schedule.play(&reply("a"), &sound(2000), clock.start);
    clock.run(0, 3000, 7);
    assert_eq!(clock.sent_at_ms.len(), 100);
    for (n, at) in clock.sent_at_ms.iter().enumerate() {
        let ideal = n as u128 * 20;
        assert!((ideal..=ideal + 30).contains(at), "frame {n} at {at}");
    }
}

#[test]
fn a_stall_is_caught_up_by_no_more_than_three_frames() {
    let mut clock = Clock::new();
    clock.schedule.play(&reply("a"), &sound(2000), clock.start);
    clock.run(0, 100, 0);
    clock.sent_at_ms.clear();
    clock.run(150, 300, 0);
    let burst = clock.sent_at_ms.iter().filter(|&&at| at == 150).count();
    assert!(burst <= 4, "{burst}");
    clock.sent_at_ms.clear();
    clock.run(900, 1000, 0);
    let burst = clock.sent_at_ms.iter().filter(|&&at| at == 900).count();
    assert_eq!(
        burst, 1,
        "what a listener missed for 600 ms is not hurried after"
    );
}

#[test]
fn heard_lags_behind_sent_and_ends_at_the_whole() {
    let mut clock = Clock::new();
    clock.schedule.play(&reply("a"), &sound(200), clock.start);
    clock.schedule.finish(&reply("a"), clock.start);
    clock.run(0, 1000, 0);
    let mut before = Duration::ZERO;
    for (at, event) in &clock.events {
        if let PlayoutEvent::Played { sent, heard, .. } = event {
            assert!(heard <= sent && *heard >= before);
            let ideal = ms(u64::try_from(*at).unwrap()).saturating_sub(LAG);
            assert!(
                ideal.min(ms(200)).abs_diff(*heard) <= ms(20),
                "{at}: {heard:?}"
            );
            before = *heard;
        }
    }
    assert_eq!(
        clock.events.last(),
        Some(&(260, PlayoutEvent::Drained { reply: reply("a") }))
    );
    assert_eq!(clock.heard(), ms(200));
}

#[test]
fn the_last_frame_is_padded_but_counts_only_what_it_holds() {
    let mut clock = Clock::new();
    clock.schedule.play(&reply("a"), &sound(50), clock.start);
    clock.run(0, 500, 0);
    assert_eq!(clock.sent_at_ms, [0, 20]);
    clock.schedule.finish(&reply("a"), clock.start);
    clock.run(500, 1000, 0);
    assert_eq!(clock.sent_at_ms.len(), 3);
    assert_eq!(clock.heard(), ms(50));
}

#[test]
fn a_pause_holds_within_a_frame_and_goes_on_without_loss() {
    let mut clock = Clock::new();
    clock.schedule.play(&reply("a"), &sound(400), clock.start);
    clock.schedule.finish(&reply("a"), clock.start);
    clock.run(0, 100, 0);
    clock.schedule.pause();
    clock.run(100, 900, 0);
    assert_eq!(clock.sent_at_ms.len(), 5);
    assert_eq!(
        clock.heard(),
        ms(100),
        "what was sent is heard in the pause"
    );
    clock.schedule.resume();
    clock.run(900, 2000, 0);
    assert_eq!(clock.sent_at_ms.len(), 20);
    assert!(matches!(
        clock.events.last(),
        Some((_, PlayoutEvent::Drained { .. }))
    ));
}

#[test]
fn a_stop_drops_every_reply_and_nothing_is_told_of_them() {
    let mut clock = Clock::new();
    clock.schedule.play(&reply("a"), &sound(400), clock.start);
    clock.schedule.finish(&reply("a"), clock.start);
    clock.schedule.play(&reply("b"), &sound(400), clock.start);
    clock.run(0, 100, 0);
    clock.schedule.pause();
    clock.schedule.stop();
    clock.events.clear();
    clock.run(100, 2000, 0);
    assert!(clock.events.is_empty());
    assert_eq!(clock.sent_at_ms.len(), 5);
    clock
        .schedule
        .play(&reply("c"), &sound(100), clock.start + ms(2000));
    clock.run(2000, 3000, 0);
    assert_eq!(clock.sent_at_ms[5], 2000, "a stop ends a pause");
}

#[test]
fn a_frame_that_was_dropped_while_it_was_encoded_counts_for_nothing() {
    let mut schedule = Schedule::default();
    let now = Instant::now();
    schedule.play(&reply("a"), &sound(100), now);
    let Step::Send(frame) = schedule.step(now, LAG, true) else {
        panic!("a frame is due");
    };
    schedule.stop();
    schedule.play(&reply("b"), &sound(100), now);
    schedule.sent(&frame, now);
    schedule.step(now + ms(500), LAG, true);
    assert_eq!(schedule.poll_event(), None);
}

#[test]
fn nothing_is_lost_while_media_is_down() {
    let mut schedule = Schedule::default();
    let now = Instant::now();
    schedule.play(&reply("a"), &sound(100), now);
    let Step::Wait(Some(again)) = schedule.step(now, LAG, false) else {
        panic!("nothing may be sent");
    };
    assert_eq!(again, now + FRAME);
    assert!(matches!(schedule.step(again, LAG, true), Step::Send(_)));
}

#[test]
fn replies_follow_each_other_and_an_empty_one_drains_at_once() {
    let mut clock = Clock::new();
    clock.schedule.finish(&reply("empty"), clock.start);
    clock.schedule.play(&reply("a"), &sound(40), clock.start);
    clock.schedule.finish(&reply("a"), clock.start);
    clock.schedule.play(&reply("b"), &sound(40), clock.start);
    clock.schedule.finish(&reply("b"), clock.start);
    clock.run(0, 1000, 0);
    assert_eq!(clock.sent_at_ms, [0, 20, 40, 60]);
    let drained: Vec<&str> = clock
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            PlayoutEvent::Drained { reply } => Some(&*reply.0),
            PlayoutEvent::Played { .. } => None,
        })
        .collect();
    assert_eq!(drained, ["empty", "a", "b"]);
}

#[test]
fn more_than_a_provider_should_ever_send_is_refused() {
    let mut schedule = Schedule::default();
    let now = Instant::now();
    let minute = sound(60_000);
    for _ in 0..5 {
        assert!(schedule.play(&reply("a"), &minute, now));
    }
    assert!(!schedule.play(&reply("a"), &minute, now));
}
