//! Whose turn it is, with real sound: a cough and a sentence, heard by our own ear.

use std::time::Duration;

use avaaz_simulator::{Utterance, Voice};
use avaaz_tutor::{ProviderCommand, Speaker};

use crate::support::world::{World, wait};

/// Spoken by the simulator's voice, at 24 kHz.
pub async fn spoken(text: &str) -> Vec<i16> {
    let utterance = Utterance {
        text: text.to_owned(),
        language: "en".into(),
        voice: "cedar".into(),
        speed_percent: 100,
        beeps: false,
    };
    Voice::default().speak(utterance).await.to_vec()
}

/// A short loud sound with a voice in it, and nothing after.
pub fn cough_of(speech: &[i16]) -> Vec<i16> {
    let onset = speech
        .iter()
        .position(|sample| sample.unsigned_abs() > 1_000)
        .expect("a voice");
    speech[onset..onset + 24 * 200].to_vec()
}

#[tokio::test(start_paused = true)]
async fn a_cough_does_not_end_the_reply_and_a_sentence_does() {
    let sentence = spoken("Excuse me, I would like to ask you something about the market.").await;
    let cough = cough_of(&sentence);

    let mut world = World::with_turns_left_to_us().await;
    let (stay, line, microphone) = world.greeted().await;
    world.sounds(&microphone, 1_000, false).await;
    assert_eq!(line.heard(), Duration::ZERO, "silence is no turn");

    let words = "one two three four five six seven eight nine ten";
    line.replies("r1", words, Duration::from_secs(5)).await;
    world.sounds(&microphone, 1_000, false).await;
    let before = stay.frames().len();
    world.speaks(&microphone, &cough).await;
    world.sounds(&microphone, 4_700, false).await;
    let frames = stay.frames();
    let widest = frames[before..]
        .windows(2)
        .map(|pair| pair[1].at.saturating_duration_since(pair[0].at))
        .max()
        .expect("it goes on");
    assert!(
        (Duration::from_millis(200)..Duration::from_millis(1_000)).contains(&widest),
        "held for {widest:?}"
    );
    let written = world.host.until(|written| written.turns.len() == 2).await;
    let reply = &written.turns[1];
    assert_eq!((reply.text.as_str(), reply.interrupted), (words, false));
    assert_eq!(line.heard(), Duration::ZERO, "the cough is no turn");

    line.replies("r2", words, Duration::from_secs(5)).await;
    world.sounds(&microphone, 1_000, false).await;
    world.speaks(&microphone, &sentence).await;
    world.sounds(&microphone, 1_500, false).await;
    let written = world.host.until(|written| written.turns.len() == 4).await;
    let reply = &written.turns[2];
    assert!(reply.interrupted && reply.text.starts_with("one two"));
    assert_eq!(written.turns[3].speaker, Speaker::Learner);
    wait(100).await;
    let asked = line.asked();
    let begun = asked
        .iter()
        .position(|command| *command == ProviderCommand::BeginTurn)
        .expect("a turn begins");
    assert!(matches!(
        asked[begun..],
        [
            ProviderCommand::BeginTurn,
            ProviderCommand::Commit,
            ProviderCommand::Reply { instructions: None }
        ]
    ));
    let whole = Duration::from_millis(sentence.len() as u64 / 24);
    assert!(line.heard() > whole, "{:?} of {whole:?}", line.heard());
}
