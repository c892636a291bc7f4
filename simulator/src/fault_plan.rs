//! Which planned faults are due, and which have happened.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::faulty_stream::Wire;
use crate::script::{PlannedFault, PlannedFaultKind, Protocol, When};

/// Plans are written by people and generators of tests; more than this is a mistake.
const MAX_FAULTS: usize = 10_000;

/// All planned faults of a simulator.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    faults: Mutex<Vec<Entry>>,
    changes: watch::Sender<u64>,
}

/// A planned fault, and how often it has happened.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    fault: PlannedFault,
    happened: u64,
}

/// How far a connection is.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) number: usize,
    protocol: Protocol,
    opened_at: Instant,
    sent: u64,
    sent_by_kind: BTreeMap<String, u64>,
    received: u64,
    /// The faults that happened here, by their place in the plan.
    happened: HashSet<usize>,
    /// Faults that wait for a frame to happen to.
    waiting: Vec<PlannedFault>,
}

impl Progress {
    pub(crate) fn new(number: usize, protocol: Protocol) -> Self {
        Self {
            number,
            protocol,
            opened_at: Instant::now(),
            sent: 0,
            sent_by_kind: BTreeMap::new(),
            received: 0,
            happened: HashSet::new(),
            waiting: Vec::new(),
        }
    }

    /// Takes up faults that are due: lets those of a frame wait for the next one, and returns those of the connection.
    pub(crate) fn take_up(&mut self, due: Vec<PlannedFault>) -> Vec<PlannedFault> {
        let (of_frames, of_connection) = due.into_iter().partition(|fault| needs_frame(fault.kind));
        self.waiting.extend::<Vec<_>>(of_frames);
        of_connection
    }
}

/// Whether a fault happens to a frame rather than to the connection.
const fn needs_frame(kind: PlannedFaultKind) -> bool {
    matches!(
        kind,
        PlannedFaultKind::HalfFrame
            | PlannedFaultKind::Malformed
            | PlannedFaultKind::UnknownFields
            | PlannedFaultKind::Duplicate
            | PlannedFaultKind::Late
    )
}

impl FaultPlan {
    pub(crate) fn new(faults: Vec<PlannedFault>) -> Self {
        let plan = Self {
            faults: Mutex::default(),
            changes: watch::Sender::new(0),
        };
        plan.add(faults);
        plan
    }

    /// Adds faults; returns whether there was room.
    pub(crate) fn add(&self, faults: Vec<PlannedFault>) -> bool {
        let mut entries = self.lock();
        if entries.len() + faults.len() > MAX_FAULTS {
            return false;
        }
        entries.extend(faults.into_iter().map(|fault| Entry { fault, happened: 0 }));
        drop(entries);
        self.changes.send_modify(|version| *version += 1);
        true
    }

    /// All faults. Those that were called off stay in their places, so that these remain their names.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// Calls off what has not happened.
    pub(crate) fn call_off(&self) {
        for entry in self.lock().iter_mut() {
            entry.happened = entry.happened.max(1);
            entry.fault.repeat = false;
        }
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Counts a frame to the client, and returns the faults that happen with it.
    pub(crate) fn on_sending(&self, progress: &mut Progress, kind: &str) -> Vec<PlannedFault> {
        progress.sent += 1;
        let sent = progress.sent;
        let of_kind = progress.sent_by_kind.entry(kind.to_owned()).or_default();
        *of_kind += 1;
        let of_kind = *of_kind;
        let mut due = std::mem::take(&mut progress.waiting);
        due.extend(self.take(progress, |when| match when {
            When::Sent(n) => *n == sent,
            When::SentKind { kind: wanted, nth } => wanted == kind && *nth == of_kind,
            _ => false,
        }));
        due
    }

    /// Counts a frame from the client, and returns the faults that happen after it.
    pub(crate) fn on_received(&self, progress: &mut Progress) -> Vec<PlannedFault> {
        progress.received += 1;
        let received = progress.received;
        self.take(progress, |when| *when == When::Received(received))
    }

    /// Returns the faults whose time has come.
    pub(crate) fn on_time(&self, progress: &mut Progress) -> Vec<PlannedFault> {
        let open_for = progress.opened_at.elapsed();
        self.take(progress, |when| match when {
            When::Now => true,
            When::AfterMs(after_ms) => open_for >= Duration::from_millis(*after_ms),
            _ => false,
        })
    }

    /// Returns when to ask [`Self::on_time`] again.
    pub(crate) fn next_time(&self, progress: &Progress) -> Option<Instant> {
        let entries = self.lock();
        let open = entries
            .iter()
            .enumerate()
            .filter(|(place, entry)| entry.is_open_to(progress, *place));
        open.filter_map(|(_, entry)| match entry.fault.at {
            When::AfterMs(after_ms) => Some(progress.opened_at + Duration::from_millis(after_ms)),
            When::Now => Some(Instant::now()),
            _ => None,
        })
        .min()
    }

    fn take(&self, progress: &mut Progress, is_due: impl Fn(&When) -> bool) -> Vec<PlannedFault> {
        let mut due = Vec::new();
        for (place, entry) in self.lock().iter_mut().enumerate() {
            if is_due(&entry.fault.at) && entry.is_open_to(progress, place) {
                entry.happened += 1;
                progress.happened.insert(place);
                due.push(entry.fault.clone());
            }
        }
        due
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_open_to(&self, progress: &Progress, place: usize) -> bool {
        let PlannedFault {
            connection,
            protocol,
            repeat,
            ..
        } = &self.fault;
        (self.happened == 0 || (*repeat && !progress.happened.contains(&place)))
            && connection.is_none_or(|number| number == progress.number)
            && protocol.is_none_or(|protocol| protocol == progress.protocol)
    }
}

/// Lets a fault happen to a frame and to how many times it is sent; returns the fault where that takes a protocol.
pub(crate) fn on_frame(
    fault: PlannedFault,
    frame: &mut Value,
    times: &mut usize,
    wire: &Wire,
) -> Option<PlannedFault> {
    match fault.kind {
        PlannedFaultKind::HalfFrame => wire.break_in_next_frame(),
        PlannedFaultKind::UnknownFields => add_unknown_fields(frame),
        PlannedFaultKind::Duplicate => *times *= 2,
        _ => return Some(fault),
    }
    None
}

/// Returns the first half of a message's JSON.
pub(crate) fn half(message: &Value) -> String {
    let text = message.to_string();
    let mut end = text.len() / 2;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// Gives every object in a message a field that no client knows.
fn add_unknown_fields(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(add_unknown_fields);
            object.insert(
                "somethingNew".to_owned(),
                json!({"is": ["not", "known", 7, null]}),
            );
        }
        Value::Array(items) => items.iter_mut().for_each(add_unknown_fields),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(faults: Value) -> FaultPlan {
        FaultPlan::new(serde_json::from_value(faults).unwrap())
    }

    #[test]
    fn a_fault_happens_once_on_the_first_connection_that_comes_that_far() {
        let plan = plan(json!([{"at": {"sent": 2}, "kind": "drop"}]));
        let mut first = Progress::new(0, Protocol::Openai);
        let mut second = Progress::new(1, Protocol::Openai);
        assert!(plan.on_sending(&mut first, "a").is_empty());
        assert!(plan.on_sending(&mut second, "a").is_empty());
        assert_eq!(plan.on_sending(&mut second, "a").len(), 1);
        assert!(plan.on_sending(&mut first, "a").is_empty());
    }

    #[test]
    fn a_repeated_fault_happens_once_on_every_connection() {
        let plan = plan(json!([{"kind": "slow_pongs", "repeat": true}]));
        for number in 0..2 {
            let mut progress = Progress::new(number, Protocol::Gemini);
            assert_eq!(plan.on_time(&mut progress).len(), 1);
            assert!(plan.on_time(&mut progress).is_empty());
            assert_eq!(plan.next_time(&progress), None);
        }
    }

    #[test]
    fn connection_protocol_and_kind_of_frame_are_chosen() {
        let plan = plan(json!([{
            "at": {"sent_kind": {"kind": "b", "nth": 2}},
            "kind": "duplicate",
            "connection": 1,
            "protocol": "gemini",
        }]));
        for (number, protocol, happens) in [
            (0, Protocol::Gemini, false),
            (1, Protocol::Openai, false),
            (1, Protocol::Gemini, true),
        ] {
            let mut progress = Progress::new(number, protocol);
            let due: usize = ["b", "a", "b", "b"]
                .iter()
                .map(|kind| plan.on_sending(&mut progress, kind).len())
                .sum();
            assert_eq!(due == 1, happens, "{number} {protocol:?}");
        }
    }

    #[test]
    fn what_is_called_off_does_not_happen() {
        let plan = plan(json!([{"kind": "drop", "repeat": true}]));
        plan.call_off();
        assert!(
            plan.on_time(&mut Progress::new(0, Protocol::Gemini))
                .is_empty()
        );
    }

    #[test]
    fn faults_of_a_frame_wait_for_the_next_one() {
        let plan = plan(json!([{"kind": "late"}, {"kind": "drop"}]));
        let mut progress = Progress::new(0, Protocol::Gemini);
        let due = plan.on_time(&mut progress);
        let of_connection = progress.take_up(due);
        assert!(matches!(&of_connection[..], [fault] if fault.kind == PlannedFaultKind::Drop));
        let of_frame = plan.on_sending(&mut progress, "a");
        assert!(matches!(&of_frame[..], [fault] if fault.kind == PlannedFaultKind::Late));
        assert!(plan.on_sending(&mut progress, "a").is_empty());
    }

    #[test]
    fn a_frame_is_changed_and_what_takes_a_protocol_is_left_to_it() {
        let faults = json!([{"kind": "duplicate"}, {"kind": "unknown_fields"}, {"kind": "duplicate"}, {"kind": "malformed"}]);
        let faults: Vec<PlannedFault> = serde_json::from_value(faults).unwrap();
        let (mut frame, mut times) = (json!({}), 1);
        let left: Vec<_> = faults
            .into_iter()
            .filter_map(|fault| on_frame(fault, &mut frame, &mut times, &Wire::default()))
            .collect();
        assert!(frame["somethingNew"].is_object());
        assert_eq!(times, 4);
        assert!(matches!(&left[..], [fault] if fault.kind == PlannedFaultKind::Malformed));
    }

    #[test]
    fn unknown_fields_come_at_every_depth() {
        let mut message = json!({"a": [{"b": 1}]});
        add_unknown_fields(&mut message);
        assert!(message["somethingNew"].is_object() && message["a"][0]["somethingNew"].is_object());
    }
}
