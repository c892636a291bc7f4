//! What the agent runtime of this process counts, in Prometheus' text form.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use avaaz_agent::metrics::{BUCKETS_MS, Counter, Histogram, Metrics};

/// From the end of the learner's speech, step by step.
const LATENCY: &str = "tutor_latency_seconds";

static OBSERVED: Mutex<Option<Arc<Metrics>>> = Mutex::new(None);

/// Shows a runtime's counts from now on.
pub fn observe(metrics: Arc<Metrics>) {
    *OBSERVED.lock().unwrap_or_else(PoisonError::into_inner) = Some(metrics);
}

pub(super) fn render() -> String {
    let observed = OBSERVED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    observed.map_or_else(String::new, |metrics| text(&metrics))
}

fn text(metrics: &Metrics) -> String {
    let mut out = String::new();
    let live = metrics.live.load(Ordering::Relaxed);
    let _ = writeln!(
        out,
        "# TYPE agent_conversations_live gauge\nagent_conversations_live {live}"
    );
    let counters: [(&str, &Counter); 10] = [
        ("agent_conversations_claimed_total", &metrics.claimed),
        ("agent_conversations_ended_total", &metrics.ended),
        (
            "agent_conversations_handed_back_total",
            &metrics.handed_back,
        ),
        ("agent_conversations_panicked_total", &metrics.panicked),
        ("agent_turns_written_total", &metrics.turns),
        ("agent_turn_write_retries_total", &metrics.write_retries),
        ("agent_turns_lost_total", &metrics.turns_lost),
        ("agent_provider_faults_total", &metrics.provider_faults),
        (
            "agent_planned_hand_overs_total",
            &metrics.planned_hand_overs,
        ),
        (
            "agent_unplanned_hand_overs_total",
            &metrics.unplanned_hand_overs,
        ),
    ];
    for (name, counter) in counters {
        let _ = writeln!(out, "# TYPE {name} counter\n{name} {}", counter.get());
    }
    let histograms: [(&str, &Histogram); 7] = [
        (
            "agent_packet_to_provider_seconds",
            &metrics.packet_to_provider,
        ),
        ("agent_reply_to_room_seconds", &metrics.reply_to_room),
        ("agent_mouth_to_ear_seconds", &metrics.mouth_to_ear),
        ("agent_room_join_seconds", &metrics.join),
        (
            "agent_planned_hand_over_gap_seconds",
            &metrics.planned_hand_over_gap,
        ),
        (
            "agent_unplanned_hand_over_gap_seconds",
            &metrics.unplanned_hand_over_gap,
        ),
        ("agent_provider_hung_seconds", &metrics.provider_hung),
    ];
    for (name, histogram) in histograms {
        let _ = writeln!(out, "# TYPE {name} histogram");
        write_histogram(&mut out, name, "", histogram);
    }
    let _ = writeln!(out, "# TYPE {LATENCY} histogram");
    for (provider, stages) in metrics.latency.all() {
        for (stage, histogram) in [
            ("first_audio", &stages.given),
            ("first_packet", &stages.sent),
            ("first_heard", &stages.heard),
        ] {
            let labels = format!("stage=\"{stage}\",provider=\"{provider}\"");
            write_histogram(&mut out, LATENCY, &labels, histogram);
        }
    }
    out
}

/// Buckets are cumulated here: each counts whatever is below its bound.
fn write_histogram(out: &mut String, name: &str, labels: &str, histogram: &Histogram) {
    let counts = histogram.counts();
    let comma = if labels.is_empty() { "" } else { "," };
    let mut below = 0;
    for (count, bound_ms) in counts.iter().zip(BUCKETS_MS) {
        below += count;
        let (whole, thousandths) = (bound_ms / 1000, bound_ms % 1000);
        let _ = writeln!(
            out,
            "{name}_bucket{{{labels}{comma}le=\"{whole}.{thousandths:03}\"}} {below}"
        );
    }
    let all: u64 = counts.iter().sum();
    let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {all}");
    let braced = if labels.is_empty() {
        String::new()
    } else {
        format!("{{{labels}}}")
    };
    let _ = writeln!(
        out,
        "{name}_sum{braced} {}\n{name}_count{braced} {all}",
        histogram.sum_seconds()
    );
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn buckets_are_cumulated_and_in_seconds() {
        let metrics = Metrics::default();
        metrics.turns.increase();
        metrics.join.record(Duration::from_millis(3));
        metrics.join.record(Duration::from_secs(60));
        let text = text(&metrics);
        assert!(text.contains("agent_turns_written_total 1\n"));
        assert!(text.contains("agent_room_join_seconds_bucket{le=\"0.002\"} 0\n"));
        assert!(text.contains("agent_room_join_seconds_bucket{le=\"0.005\"} 1\n"));
        assert!(text.contains("agent_room_join_seconds_bucket{le=\"10.000\"} 1\n"));
        assert!(text.contains("agent_room_join_seconds_bucket{le=\"+Inf\"} 2\n"));
        assert!(text.contains("agent_room_join_seconds_count 2\n"));
    }

    #[test]
    fn the_steps_of_an_answer_are_told_for_each_provider() {
        let metrics = Metrics::default();
        let stages = metrics.latency.of("openai");
        stages.given.record(Duration::from_millis(250));
        stages.heard.record(Duration::from_millis(400));
        let text = text(&metrics);
        for line in [
            r#"tutor_latency_seconds_bucket{stage="first_audio",provider="openai",le="0.300"} 1"#,
            r#"tutor_latency_seconds_bucket{stage="first_heard",provider="openai",le="0.300"} 0"#,
            r#"tutor_latency_seconds_count{stage="first_packet",provider="openai"} 0"#,
            r#"tutor_latency_seconds_count{stage="first_heard",provider="openai"} 1"#,
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert_eq!(text.matches("# TYPE tutor_latency_seconds").count(), 1);
    }
}
