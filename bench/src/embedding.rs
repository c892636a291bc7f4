//! How fast texts become vectors.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use avaaz_models::Embedder as _;
use avaaz_models::built_in::BuiltInEmbedder;

use crate::measure::{Delays, used};

const SHORT: &str = "She plans a trip to Portugal in spring.";
/// What a document is cut into: about 128 tokens.
const PASSAGE_WORDS: usize = 96;
const PASSAGES: usize = 64;
const QUESTIONS: usize = 50;

/// What was measured.
pub struct Figures {
    first: Duration,
    question: Delays,
    question_among_passages: Delays,
    passages_per_second: f64,
    resident_mb: u64,
}

/// Measures the built-in embedder whose files are in a folder.
///
/// # Errors
/// When it cannot be used.
pub async fn run(folder: &Path) -> anyhow::Result<Figures> {
    let pid = i32::try_from(std::process::id())?;
    let before = used(pid)?.resident_bytes;
    let embedder = BuiltInEmbedder::in_folder(folder);
    let begun = Instant::now();
    embedder.embed_one(SHORT).await?;
    let first = begun.elapsed();
    let question = questions(&embedder, QUESTIONS).await?;

    let passages = passages();
    let begun = Instant::now();
    let vectors = embedder.embed(passages.clone()).await?;
    let passages_per_second = PASSAGES as f64 / begun.elapsed().as_secs_f64();
    ensure!(vectors.len() == PASSAGES, "a passage has no vector");

    let (asked, document) = tokio::join!(
        questions(&embedder, QUESTIONS / 10),
        embedder.embed(passages)
    );
    document?;
    let resident_mb = used(pid)?.resident_bytes.saturating_sub(before) >> 20;
    Ok(Figures {
        first,
        question,
        question_among_passages: asked?,
        passages_per_second,
        resident_mb,
    })
}

async fn questions(embedder: &BuiltInEmbedder, count: usize) -> anyhow::Result<Delays> {
    let mut delays = Delays::new();
    for _ in 0..count {
        let begun = Instant::now();
        embedder.embed_one(SHORT).await?;
        delays.add(begun.elapsed());
    }
    Ok(delays)
}

fn passages() -> Vec<String> {
    let words = ["lesson", "verb", "the", "past", "of", "travel", "in", "May"];
    let passage = |number: usize| {
        let words = (0..PASSAGE_WORDS).map(|at| words[(number + at * at) % words.len()]);
        words.collect::<Vec<_>>().join(" ")
    };
    (0..PASSAGES).map(passage).collect()
}

impl Figures {
    /// Prints them, one a line.
    pub fn print(&self) {
        println!("\nEmbeddings, built in (all-MiniLM-L6-v2)");
        let line = |what: &str, figure: String| println!("  {what:52} {figure:>12}");
        line(
            "loading and the first text",
            format!("{} ms", self.first.as_millis()),
        );
        line(
            "a question, median",
            format!("{:.1} ms", self.question.at_ms(0.5)),
        );
        line(
            "a question, p99",
            format!("{:.1} ms", self.question.at_ms(0.99)),
        );
        line(
            "a question while a document is embedded, worst",
            format!("{:.1} ms", self.question_among_passages.at_ms(1.0)),
        );
        line(
            "passages of 128 tokens",
            format!("{:.1} / s", self.passages_per_second),
        );
        line("memory", format!("{} MB", self.resident_mb));
    }
}
