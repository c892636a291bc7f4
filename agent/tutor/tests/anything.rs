//! Whatever happens, in whatever order, the bridge keeps its promises.
mod support;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use avaaz_tutor::{
    Author, Bridge, Capabilities, Caption, EndReason, FaultKind, Input, Mode, Output, Pcm,
    ProviderCommand, ProviderEvent, ReplyEnd, ReplyId, Spending, TurnId, Usage, WrittenAnswer,
};
use proptest::prelude::*;
use support::*;

#[derive(Debug, Clone)]
struct Event {
    after: Duration,
    input: Input,
}

fn fault_kind() -> impl Strategy<Value = FaultKind> {
    prop_oneof![
        Just(FaultKind::Refused),
        Just(FaultKind::Busy),
        Just(FaultKind::Broken),
        Just(FaultKind::Expired),
        Just(FaultKind::StaleHandle),
        Just(FaultKind::Unavailable),
        Just(FaultKind::Nonsense),
    ]
}

fn reply_id() -> impl Strategy<Value = ReplyId> {
    (0..6_u8).prop_map(|n| reply(&format!("r{n}")))
}

fn pcm() -> impl Strategy<Value = Pcm> {
    prop_oneof![4 => (1..3000_u64).prop_map(voice), 1 => (0..3000_u64).prop_map(silence)]
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ ]?[a-zA-Z]{1,8}[,.?]?",
        1 => "[今日はいい天気ですね。 🙂é]{0,6}",
        1 => Just(String::new()),
    ]
}

fn provider_event() -> impl Strategy<Value = ProviderEvent> {
    let item = || (0..4_u8).prop_map(|n| item(&format!("i{n}")));
    let end = prop_oneof![
        4 => Just(ReplyEnd::Complete),
        1 => Just(ReplyEnd::Cancelled),
        1 => Just(ReplyEnd::Incomplete),
        1 => fault_kind().prop_map(|kind| ReplyEnd::Failed(fault(kind))),
    ];
    prop_oneof![
        4 => (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(interrupts_by_itself, truncate_replies, change_setup_midway, finds_turns)| {
            let capabilities = Capabilities { interrupts_by_itself, truncate_replies, change_setup_midway, finds_turns, overlaps: truncate_replies, session_limit: Some(secs(300)), ..capabilities() };
            ProviderEvent::Ready { capabilities, model: "m".to_owned() }
        }),
        3 => item().prop_map(|item| ProviderEvent::SpeechStarted { item }),
        3 => item().prop_map(|item| ProviderEvent::SpeechStopped { item }),
        1 => (item(), words()).prop_map(|(item, delta)| ProviderEvent::LearnerWordsDelta { item, delta }),
        3 => (item(), words()).prop_map(|(item, text)| ProviderEvent::LearnerWords { item, text }),
        2 => reply_id().prop_map(|reply| ProviderEvent::ReplyStarted { reply }),
        8 => (reply_id(), pcm()).prop_map(|(reply, pcm)| ProviderEvent::ReplyAudio { reply, pcm }),
        8 => (reply_id(), words()).prop_map(|(reply, delta)| ProviderEvent::ReplyWords { reply, delta }),
        2 => (0..5_u8, any::<bool>()).prop_map(|(n, own)| ProviderEvent::ToolCalled(avaaz_tutor::ToolCall {
            id: format!("c{n}").as_str().into(),
            name: if own && n == 0 { "end_conversation" } else { "set_patience" }.to_owned(),
            arguments: String::new(),
        })),
        1 => (0..5_u8).prop_map(|n| ProviderEvent::ToolCancelled { call: format!("c{n}").as_str().into() }),
        4 => (reply_id(), end).prop_map(|(reply, how)| ProviderEvent::ReplyEnded { reply, how, usage: None }),
        1 => (0..9_u8).prop_map(|n| ProviderEvent::Resumable { handle: (n > 2).then(|| avaaz_tutor::ResumeHandle(format!("h{n}").into())) }),
        1 => prop::option::of(reply_id()).prop_map(|reply| ProviderEvent::Used { reply, usage: Usage::default() }),
        1 => (0..100_u64).prop_map(|s| ProviderEvent::ClosingSoon { left: secs(s) }),
        1 => fault_kind().prop_map(|kind| ProviderEvent::Complained(fault(kind))),
        1 => fault_kind().prop_map(|kind| ProviderEvent::Closed(fault(kind))),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let at = || (0..6000_u64).prop_map(ms);
    prop_oneof![
        4 => Just(Input::LearnerJoined),
        1 => Just(Input::LearnerLeft),
        6 => pcm().prop_map(Input::LearnerAudio),
        6 => prop::bool::weighted(0.7).prop_map(|is_voice| Input::LearnerVoice { is_voice }),
        1 => words().prop_map(Input::LearnerTyped),
        1 => Just(Input::LearnerPressed),
        1 => Just(Input::LearnerReleased),
        1 => fault_kind().prop_map(|kind| Input::ProviderFailed(fault(kind))),
        4 => Just(Input::NextReady(capabilities())),
        1 => fault_kind().prop_map(|kind| Input::NextFailed(fault(kind))),
        40 => provider_event().prop_map(Input::Provider),
        12 => (reply_id(), at(), at()).prop_map(|(reply, sent, heard)| Input::Played { reply, sent, heard }),
        4 => reply_id().prop_map(|reply| Input::PlayoutDrained { reply }),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(push_to_talk, talk)| {
            let mode = if talk { Mode::FreeTalk } else { Mode::Lesson };
            Input::BriefChanged(Box::new(avaaz_tutor::Brief { mode, push_to_talk, ..brief() }))
        }),
        1 => (0..4_usize).prop_map(|slot| Input::ProviderWanted { slot }),
        2 => (0..5_u8, any::<bool>()).prop_map(|(n, ok)| Input::ToolReturned {
            call: format!("c{n}").as_str().into(),
            output: if ok { Ok("{}".to_owned()) } else { Err("no".to_owned()) },
        }),
        2 => proptest::option::of("[a-z ]{0,8}").prop_map(|text| Input::Written(text.map(|text| WrittenAnswer {
            text,
            author: Author { provider: "text".into(), model: "writer-1".into() },
        }))),
        1 => prop_oneof![4 => Just(Spending::NearlyAll), 1 => Just(Spending::All)].prop_map(Input::Spent),
        10 => Just(Input::Tick),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let after = prop_oneof![6 => 0..100_u64, 2 => 100..3000_u64, 1 => 3000..20_000_u64];
    let event = (after, input()).prop_map(|(after, input)| Event {
        after: ms(after),
        input,
    });
    prop::collection::vec(event, 1..250)
}

/// Watches what comes out.
#[derive(Default)]
struct Watch {
    begun: Vec<TurnId>,
    ended: Vec<TurnId>,
    pending: HashSet<TurnId>,
    received: HashMap<ReplyId, Duration>,
    texts: HashMap<ReplyId, String>,
    finished: HashSet<ReplyId>,
    stopped_for: HashSet<ReplyId>,
    playing: Vec<ReplyId>,
    appended: BTreeMap<TurnId, String>,
    provider_open: bool,
    next_open: bool,
    /// Somebody is asked to write.
    asked: bool,
    /// What they wrote, as long as it may be shown.
    written: Option<String>,
    over: bool,
}

impl Watch {
    fn input(&mut self, input: &Input) {
        if let Input::Written(answer) = input
            && self.asked
            && self.written.is_none()
        {
            let words = answer.as_ref().map_or("", |answer| answer.text.trim());
            self.asked = !words.is_empty();
            self.written = self.asked.then(|| words.to_owned());
        }
        if let Input::Provider(event) = input {
            match event {
                ProviderEvent::ReplyAudio { reply, pcm } => {
                    *self.received.entry(reply.clone()).or_default() += pcm.duration();
                }
                ProviderEvent::ReplyWords { reply, delta } => {
                    self.texts.entry(reply.clone()).or_default().push_str(delta);
                }
                _ => {}
            }
        }
    }

    fn output(&mut self, output: &Output) {
        assert!(!self.over, "{output:?} after the end");
        match output {
            Output::Caption(Caption::Begin { turn, .. }) => {
                assert_eq!(self.begun.len(), self.ended.len(), "one turn at a time");
                assert_eq!(turn.0 as usize, self.begun.len() + 1, "no gaps");
                self.begun.push(*turn);
            }
            Output::Caption(Caption::Append { turn, text }) => {
                self.appended.entry(*turn).or_default().push_str(text);
            }
            Output::TurnEnded(turn) => {
                assert_eq!(
                    turn.turn.0 as usize,
                    self.ended.len() + 1,
                    "in order, without gaps"
                );
                assert!(self.begun.contains(&turn.turn));
                assert!(turn.started_at <= turn.ended_at);
                assert!(!turn.text_pending || turn.text.is_empty());
                if turn.text_pending {
                    self.pending.insert(turn.turn);
                }
                if turn.speaker == avaaz_tutor::Speaker::Tutor && turn.heard.is_none() {
                    if !turn.text.starts_with("I cannot reach") {
                        assert_eq!(Some(&turn.text), self.written.as_ref(), "said in writing");
                        self.asked = false;
                        self.written = None;
                    }
                } else if turn.speaker == avaaz_tutor::Speaker::Tutor {
                    let said_by_some_reply =
                        self.texts.values().any(|text| text.contains(&turn.text));
                    assert!(
                        turn.text.is_empty() || said_by_some_reply,
                        "{:?} was never said",
                        turn.text
                    );
                }
                self.ended.push(turn.turn);
            }
            Output::Write(request) => {
                assert!(!self.asked || self.written.is_some(), "one at a time");
                let last = request.history.last().expect("somebody is answered");
                assert_eq!(last.speaker, avaaz_tutor::Speaker::Learner);
                self.asked = true;
                self.written = None;
            }
            Output::StopWriting => {
                assert!(
                    self.asked && self.written.is_none(),
                    "only what is written is stopped"
                );
                self.asked = false;
            }
            Output::TurnWords { turn, .. } => assert!(
                self.pending.remove(turn),
                "words come once, for turns that wait for them"
            ),
            Output::Play { reply, pcm } => {
                assert!(!pcm.samples.is_empty());
                assert!(
                    !self.finished.contains(reply),
                    "nothing comes after the last sound"
                );
                assert!(
                    !self.stopped_for.contains(reply),
                    "a cut reply is not played"
                );
                if !self.playing.contains(reply) {
                    self.playing.push(reply.clone());
                }
            }
            Output::FinishReply { reply } => {
                assert!(
                    self.playing.contains(reply),
                    "only what was begun is finished"
                );
                assert!(self.finished.insert(reply.clone()), "once");
            }
            Output::StopPlayout => self.stopped_for.extend(self.playing.drain(..)),
            Output::ToProvider(command) => {
                assert!(self.provider_open, "{command:?} without a provider");
                if let ProviderCommand::Truncate {
                    reply,
                    heard,
                    heard_text,
                } = command
                {
                    assert!(*heard <= self.received[reply], "beyond what was received");
                    let whole = self.texts.get(reply).cloned().unwrap_or_default();
                    assert!(
                        whole.starts_with(heard_text.as_str()),
                        "{heard_text:?} of {whole:?}"
                    );
                }
            }
            Output::OpenProvider(setup) => {
                assert!(!self.provider_open, "one at a time");
                self.provider_open = true;
                assert!(setup.history.iter().all(|turn| !turn.text.is_empty()
                    || turn.interrupted
                    || turn.speaker == avaaz_tutor::Speaker::Tutor));
            }
            Output::OpenNext { .. } => {
                assert!(self.provider_open && !self.next_open, "beside an open one");
                self.next_open = true;
            }
            Output::SwitchToNext => {
                assert!(self.next_open, "there is one to switch to");
                self.provider_open = true;
                self.next_open = false;
            }
            Output::CloseNext => {
                assert!(self.next_open, "only what is open is closed");
                self.next_open = false;
            }
            Output::CloseProvider => {
                assert!(self.provider_open, "only what is open is closed");
                self.provider_open = false;
            }
            Output::End(_) | Output::HandBack => {
                assert_eq!(self.begun.len(), self.ended.len(), "all turns were given");
                assert!(self.pending.is_empty(), "no words are pending for ever");
                assert!(
                    !self.provider_open && !self.next_open,
                    "an orphan costs money"
                );
                self.over = true;
            }
            _ => {}
        }
    }
}

fn drain(bridge: &mut Bridge, watch: &mut Watch) {
    while let Some(output) = bridge.poll_output() {
        watch.output(&output);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn promises_are_kept(events in events(), push_to_talk in any::<bool>(), providers in 1..4_usize, limit in 10..2000_u64, hand_back in any::<bool>()) {
        let mut setup = bridge_setup();
        setup.brief.push_to_talk = push_to_talk;
        setup.time_limit = secs(limit);
        setup.providers = providers;
        let mut bridge = Bridge::new(setup, Duration::ZERO);
        let mut watch = Watch::default();
        let mut now = Duration::ZERO;
        for Event { after, input } in events {
            let until = now + after;
            let mut ticks = 0;
            while let Some(due) = bridge.poll_timeout().filter(|due| *due <= until) {
                assert!(due > now || ticks == 0, "a timeout in the past");
                now = due.max(now);
                bridge.handle(Input::Tick, now);
                drain(&mut bridge, &mut watch);
                ticks += 1;
                assert!(ticks < 500, "ticks without end");
            }
            now = until;
            // The shell gives a session's events only while it is open, and never after it said that it is closed.
            let from_provider = matches!(input, Input::Provider(_) | Input::ProviderFailed(_));
            if from_provider && !watch.provider_open {
                continue;
            }
            let of_the_next = matches!(input, Input::NextReady(_) | Input::NextFailed(_));
            if of_the_next && !watch.next_open {
                continue;
            }
            if matches!(input, Input::NextFailed(_)) {
                watch.next_open = false;
            }
            if matches!(input, Input::ProviderFailed(_) | Input::Provider(ProviderEvent::Closed(_))) {
                watch.provider_open = false;
            }
            watch.input(&input);
            bridge.handle(input, now);
            drain(&mut bridge, &mut watch);
        }
        let last = if hand_back { Input::HostIsClosing } else { Input::EndRequested(EndReason::LearnerEnded) };
        bridge.handle(last, now);
        drain(&mut bridge, &mut watch);
        for _ in 0..500 {
            let Some(due) = bridge.poll_timeout() else { break };
            assert!(due > now);
            now = due;
            bridge.handle(Input::Tick, now);
            drain(&mut bridge, &mut watch);
        }
        prop_assert!(bridge.is_over(), "whoever is asked to leave leaves");
        prop_assert!(watch.over);
    }
}
