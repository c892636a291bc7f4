//! How long each step of the tutor's answers took, by the server's own account.

use std::collections::BTreeMap;

use prometheus_parse::{Scrape, Value};

/// The histogram `tutor_latency_seconds`, by stage.
pub struct TurnLatency(BTreeMap<String, Vec<(f64, f64)>>);

impl TurnLatency {
    /// Reads it from the server's `/metrics`.
    ///
    /// # Errors
    /// When the server does not answer, or not in Prometheus' text form.
    pub async fn read(api_url: &str) -> anyhow::Result<Self> {
        let text = reqwest::get(format!("{api_url}/metrics"))
            .await?
            .error_for_status()?
            .text()
            .await?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned())))?;
        let mut stages: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for sample in scrape.samples {
            let Value::Histogram(buckets) = sample.value else {
                continue;
            };
            if sample.metric != "tutor_latency_seconds" {
                continue;
            }
            let stage = sample.labels.get("stage").unwrap_or("all").to_owned();
            let cumulated = stages.entry(stage).or_default();
            for (index, bucket) in buckets.iter().enumerate() {
                // The same stage may come once for each provider.
                match cumulated.get_mut(index) {
                    Some(sum) => sum.1 += bucket.count,
                    None => cumulated.push((bucket.less_than, bucket.count)),
                }
            }
        }
        Ok(Self(stages))
    }

    /// Prints how many answers were that fast or faster, bucket by bucket.
    pub fn print(&self) {
        println!("per-turn latency from the end of the learner's speech (answers within):");
        for (stage, cumulated) in &self.0 {
            let mut before = 0.0;
            let steps: Vec<_> = cumulated
                .iter()
                .filter(|(_, count)| std::mem::replace(&mut before, *count) < *count)
                .map(|(bound, count)| format!("{:.0} ms: {count}", bound * 1000.0))
                .collect();
            println!("  {stage:<14} {}", steps.join("   "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buckets_of_all_providers_are_added_up_by_stage() {
        let text = r#"# TYPE tutor_latency_seconds histogram
tutor_latency_seconds_bucket{stage="first_packet",provider="openai",le="0.300"} 1
tutor_latency_seconds_bucket{stage="first_packet",provider="openai",le="+Inf"} 3
tutor_latency_seconds_sum{stage="first_packet",provider="openai"} 2.5
tutor_latency_seconds_count{stage="first_packet",provider="openai"} 3
tutor_latency_seconds_bucket{stage="first_packet",provider="gemini",le="0.300"} 2
tutor_latency_seconds_bucket{stage="first_packet",provider="gemini",le="+Inf"} 2
tutor_latency_seconds_sum{stage="first_packet",provider="gemini"} 0.2
tutor_latency_seconds_count{stage="first_packet",provider="gemini"} 2
"#;
        let latency = TurnLatency::parse(text).unwrap();
        assert_eq!(
            latency.0["first_packet"],
            [(0.3, 3.0), (f64::INFINITY, 5.0)]
        );
    }
}
