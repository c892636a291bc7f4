//! One sentence of each voice, made when it is asked for, once for all who ask at the same time, and kept for a while.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_agent::host::UsageRecord;
use avaaz_agent::realtime::say::{self, NotSaid, Said};
use avaaz_tutor::{FaultKind, Usage, voice_sample};
use bytes::Bytes;
use chrono_tz::Tz;
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::Speaker;
use crate::config::Config;
use crate::error::ApiError;
use crate::usage::sample;

/// The longest sample.
const LONGEST: Duration = Duration::from_secs(6);
/// How long one may take to be made, without the wait for its turn.
const WITHIN: Duration = Duration::from_secs(12);
/// How long one may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(6);
/// How many are made at once: conversations come first at a provider.
const AT_ONCE: usize = 2;
/// How much is kept, and for how long after it was asked for last.
const KEPT_BYTES: u64 = 32 * 1024 * 1024;
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The samples that were made.
pub(super) struct Samples {
    kept: Cache<SampleKey, Bytes>,
    turns: Arc<Semaphore>,
    tasks: TaskTracker,
}

/// Which sample.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SampleKey {
    provider: String,
    model: String,
    voice: String,
    language: String,
}

/// What making one needs.
pub(super) struct Sampling {
    pub(super) pool: PgPool,
    pub(super) config: Arc<Config>,
    pub(super) speaker: Arc<Speaker>,
    /// Whose account it is.
    pub(super) learner: Uuid,
    pub(super) zone: Tz,
}

/// Why there is none. All who waited for it learn the same.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoSample(String);

impl Default for Samples {
    fn default() -> Self {
        let size = |key: &SampleKey, wav: &Bytes| {
            let text = key.voice.len() + key.language.len();
            u32::try_from(wav.len() + text).unwrap_or(u32::MAX)
        };
        Self {
            kept: Cache::builder()
                .weigher(size)
                .max_capacity(KEPT_BYTES)
                .time_to_idle(KEPT_FOR)
                .build(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            tasks: TaskTracker::new(),
        }
    }
}

impl Samples {
    /// Returns a sample as WAV; has it made if it is not there.
    pub(super) async fn get(&self, key: SampleKey, sampling: Sampling) -> Result<Bytes, ApiError> {
        if let Some(wav) = self.kept.get(&key).await {
            return Ok(wav);
        }
        let spending = &sampling.config.spending;
        if sample::is_all_spent(&sampling.pool, spending, sampling.learner, sampling.zone).await? {
            return Err(ApiError::spending_cap_reached());
        }
        let kept = self.kept.clone();
        let turns = self.turns.clone();
        // In a task of its own: it is paid for, and kept, whether or not somebody still waits.
        let making = self.tasks.spawn(async move {
            kept.try_get_with(key.clone(), make(turns, key, sampling))
                .await
        });
        let made = making
            .await
            .unwrap_or_else(|_| Err(Arc::new(NoSample("making a sample panicked".into()))));
        made.map_err(ApiError::voice_unavailable)
    }

    /// Waits for those that are being made.
    pub(super) async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl SampleKey {
    pub(super) fn new(speaker: &Speaker, voice: String, language: String) -> Self {
        Self {
            provider: speaker.provider.name().to_owned(),
            model: speaker.model.clone(),
            voice,
            language,
        }
    }

    /// Returns the tag by which clients know it again. Weak: the same sentence sounds a little different each time it is made.
    pub(super) fn tag(&self) -> String {
        let parts = [&self.provider, &self.model, &self.voice, &self.language];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let hash = hash.finalize();
        let letters: String = hash[..12]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("W/\"{letters}\"")
    }
}

async fn make(
    turns: Arc<Semaphore>,
    key: SampleKey,
    sampling: Sampling,
) -> Result<Bytes, NoSample> {
    let _turn = tokio::time::timeout(PATIENCE, turns.acquire())
        .await
        .map_err(|_| NoSample("too many samples are being made".into()))?
        .map_err(|_| NoSample("no more samples are made".into()))?;
    let speaker = &sampling.speaker;
    if !speaker.circuit.lets_through() {
        return Err(NoSample("the provider failed too often of late".into()));
    }
    let (setup, instruction) = voice_sample(&key.voice, &key.language);
    let provider = &*speaker.provider;
    match Box::pin(say::say(provider, &setup, instruction, LONGEST, WITHIN)).await {
        Ok(said) => {
            speaker.circuit.succeeded();
            sampling.account(&said.model, said.usage.clone()).await;
            wav(&said).map_err(|error| NoSample(error.to_string()))
        }
        Err(NotSaid {
            fault,
            model,
            usage,
        }) => {
            if fault.kind != FaultKind::ClosedByUs {
                speaker.circuit.failed();
            }
            sampling.account(&model.unwrap_or_default(), usage).await;
            Err(NoSample(format!("{:?}: {}", fault.kind, fault.detail)))
        }
    }
}

impl Sampling {
    async fn account(&self, model: &str, usage: Option<Usage>) {
        let Some(usage) = usage else { return };
        let account = UsageRecord {
            id: Uuid::now_v7(),
            turn: None,
            provider: self.speaker.provider.name().to_owned(),
            model: model.to_owned(),
            usage,
            at: SystemTime::now(),
        };
        let prices = &self.config.spending.prices;
        if let Err(error) = sample::record(&self.pool, prices, self.learner, &account).await {
            tracing::warn!(%error, "a sample of a voice is in no account");
        }
    }
}

fn wav(said: &Said) -> Result<Bytes, hound::Error> {
    let format = hound::WavSpec {
        channels: 1,
        sample_rate: said.rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, format)?;
    for sample in &said.samples {
        writer.write_sample(*sample)?;
    }
    writer.finalize()?;
    Ok(file.into_inner().into())
}

impl std::fmt::Debug for Samples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Samples")
            .field("kept", &self.kept.entry_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(voice: &str, language: &str) -> SampleKey {
        SampleKey {
            provider: "openai".into(),
            model: "m".into(),
            voice: voice.into(),
            language: language.into(),
        }
    }

    #[test]
    fn each_voice_and_language_has_its_own_tag() {
        let tag = key("marin", "en").tag();
        assert_eq!(tag, key("marin", "en").tag());
        assert_ne!(tag, key("marin", "pt-BR").tag());
        assert_ne!(tag, key("cedar", "en").tag());
        assert_ne!(key("ab", "c").tag(), key("a", "bc").tag());
        assert!(tag.starts_with("W/\"") && tag.is_ascii());
    }

    #[test]
    fn what_was_said_is_a_wav_of_one_channel() {
        let said = Said {
            samples: vec![1, -2, 3],
            rate_hz: 24_000,
            model: "m".into(),
            usage: None,
        };
        let wav = wav(&said).unwrap();
        let mut reader = hound::WavReader::new(std::io::Cursor::new(wav)).unwrap();
        assert_eq!(
            (reader.spec().channels, reader.spec().sample_rate),
            (1, 24_000)
        );
        let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
        assert_eq!(samples, said.samples);
    }
}
