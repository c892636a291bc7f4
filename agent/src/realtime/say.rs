//! A provider that says one thing at our word, and nothing else: no learner, no room.

use std::time::Duration;

use avaaz_tutor::{
    Fault, FaultKind, ProviderCommand, ProviderEvent, ReplyEnd, ReplyId, SessionSetup, Usage,
};
use tokio::time::{Instant, timeout_at};

use super::{Provider, ProviderSession};
use crate::audio::format::samples_in;

/// What is too long fades out over this.
const FADE: Duration = Duration::from_millis(150);
/// How long the account of a reply that we stopped is waited for.
const ACCOUNT: Duration = Duration::from_secs(2);

/// What a provider said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Mono samples.
    pub samples: Vec<i16>,
    /// How many a second.
    pub rate_hz: u32,
    /// The model that said it, as the provider names it.
    pub model: String,
    /// What it cost, where the provider told us.
    pub usage: Option<Usage>,
}

/// What was told before it went wrong: it is to be paid for all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSaid {
    /// What went wrong.
    pub fault: Fault,
    /// The model, if the session came so far.
    pub model: Option<String>,
    /// What it cost, where the provider told us.
    pub usage: Option<Usage>,
}

/// Opens a session, has one reply said in it, and closes it. What is longer than `longest` is cut and fades out.
///
/// # Errors
/// When the session cannot be had, when nothing is said, or when it is not said within `within`.
pub async fn say(
    provider: &dyn Provider,
    setup: &SessionSetup,
    instruction: String,
    longest: Duration,
    within: Duration,
) -> Result<Said, NotSaid> {
    let mut hearing = Hearing::default();
    let deadline = Instant::now() + within;
    let outcome = match timeout_at(
        deadline,
        hear(&mut hearing, provider, setup, instruction, longest),
    )
    .await
    {
        Ok(outcome) => outcome,
        Err(_) => Err(broken("it was not said in time")),
    };
    match outcome {
        Ok(()) => Ok(hearing.said(longest)),
        Err(fault) => Err(NotSaid {
            fault,
            model: hearing.model,
            usage: hearing.usage,
        }),
    }
}

/// What has come so far.
#[derive(Debug, Default)]
struct Hearing {
    model: Option<String>,
    samples: Vec<i16>,
    rate_hz: u32,
    usage: Option<Usage>,
}

impl Hearing {
    fn is_longer_than(&self, longest: Duration) -> bool {
        self.rate_hz > 0 && self.samples.len() > samples_in(longest, self.rate_hz)
    }

    fn cost(&mut self, usage: Option<Usage>) {
        if let Some(usage) = usage {
            self.usage.get_or_insert_default().add(&usage);
        }
    }

    fn said(mut self, longest: Duration) -> Said {
        if self.is_longer_than(longest) {
            self.samples.truncate(samples_in(longest, self.rate_hz));
            fade_out(&mut self.samples, samples_in(FADE, self.rate_hz));
        }
        Said {
            samples: self.samples,
            rate_hz: self.rate_hz,
            model: self.model.unwrap_or_default(),
            usage: self.usage,
        }
    }
}

async fn hear(
    hearing: &mut Hearing,
    provider: &dyn Provider,
    setup: &SessionSetup,
    instruction: String,
    longest: Duration,
) -> Result<(), Fault> {
    let mut session = provider.open(setup).await?;
    let mut instruction = Some(instruction);
    loop {
        match next(&mut session).await? {
            ProviderEvent::Ready { model, .. } => {
                hearing.model = Some(model);
                if let Some(instructions) = instruction.take() {
                    let instructions = Some(instructions);
                    ask(&session, ProviderCommand::Reply { instructions }).await?;
                }
            }
            ProviderEvent::ReplyAudio { reply, pcm } => {
                hearing.rate_hz = pcm.rate_hz;
                hearing.samples.extend_from_slice(&pcm.samples);
                if hearing.is_longer_than(longest) {
                    return stop(hearing, &mut session, reply).await;
                }
            }
            ProviderEvent::Used { usage, .. } => hearing.cost(Some(usage)),
            ProviderEvent::ReplyEnded { how, usage, .. } => {
                hearing.cost(usage);
                return match how {
                    ReplyEnd::Failed(fault) => Err(fault),
                    _ if hearing.samples.is_empty() => Err(broken("nothing was said")),
                    _ => Ok(()),
                };
            }
            ProviderEvent::Closed(fault) => return Err(fault),
            _ => {}
        }
    }
}

/// Stops what is being said. There is enough of it, so that nothing is wrong if its account does not come.
async fn stop(
    hearing: &mut Hearing,
    session: &mut ProviderSession,
    reply: ReplyId,
) -> Result<(), Fault> {
    ask(session, ProviderCommand::Cancel { reply }).await?;
    let deadline = Instant::now() + ACCOUNT;
    while let Ok(Ok(event)) = timeout_at(deadline, next(session)).await {
        match event {
            ProviderEvent::ReplyEnded {
                usage: Some(usage), ..
            }
            | ProviderEvent::Used { usage, .. } => {
                hearing.cost(Some(usage));
                break;
            }
            ProviderEvent::Closed(_) => break,
            _ => {}
        }
    }
    Ok(())
}

async fn next(session: &mut ProviderSession) -> Result<ProviderEvent, Fault> {
    let event = session.events.recv().await;
    event.ok_or_else(|| broken("the session ended without a word"))
}

async fn ask(session: &ProviderSession, command: ProviderCommand) -> Result<(), Fault> {
    let asked = session.commands.send(command).await;
    asked.map_err(|_| broken("the session ended before it was asked"))
}

fn broken(detail: &str) -> Fault {
    Fault {
        kind: FaultKind::Broken,
        detail: detail.to_owned(),
    }
}

/// Lets the last samples become quieter, so that a cut does not click.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a few thousand samples, each made smaller"
)]
fn fade_out(samples: &mut [i16], length: usize) {
    let begins = samples.len().saturating_sub(length);
    let fading = &mut samples[begins..];
    let count = fading.len() as f32;
    for (place, sample) in fading.iter_mut().enumerate() {
        *sample = (f32::from(*sample) * (1.0 - (place + 1) as f32 / count)) as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_ends_in_silence_and_begins_to_fade_only_near_its_end() {
        let mut samples = vec![1_000; 100];
        fade_out(&mut samples, 10);
        assert_eq!(samples[..90], [1_000; 90]);
        assert!(samples[90..].is_sorted_by(|a, b| a >= b), "{samples:?}");
        assert_eq!(samples[99], 0);
        fade_out(&mut [], 10);
    }
}
