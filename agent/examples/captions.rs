//! Shows a conversation of many turns as the agent does, faster than anybody talks: each turn takes its place when it begins, and
//! the learner's words come up to three seconds later, at random. For tests of clients that show transcripts.
//!
//! ```sh
//! cargo run --example captions -- ws://localhost:7880 KEY SECRET ROOM LEARNER TURNS
//! ```
//!
//! Waits for the learner, prints one line of JSON for each turn as it should be shown in the end, and stays until its input ends.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read as _;
use std::time::Duration;

use avaaz_agent::room::captions::{Captions, STATE};
use avaaz_agent::room::livekit::{LiveKitConfig, LiveKitConnector};
use avaaz_agent::room::{JoinRoom, JoinedRoom, RoomConnector, RoomEvent};
use avaaz_tutor::{Caption, Speaker, TurnId};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use secrecy::SecretString;
use tokio::time::{Instant, sleep, sleep_until};

const SEED: u64 = 1000;
/// Between the beginnings of two turns.
const PACE: Duration = Duration::from_millis(40);
/// How late the learner's words are at most, in ms.
const LATEST_MS: u64 = 3_000;
/// Every so often a turn is too long for one packet.
const LONG_EVERY: u32 = 97;
const LONG_TIMES: usize = 250;

const SENTENCES: [&str; 4] = [
    "Où est passée la clé de l’église ? Çà et là, dit-elle, « déjà » !",
    "أين المفتاح يا صديقي؟ لقد نسيتُه في البيت، فلنرجع معًا.",
    "नमस्ते! क्या आप हिन्दी में कक्षा की पुस्तक पढ़ सकते हैं? क्षमा कीजिए।",
    "鍵はどこですか。教会の前で「がぎぐげご」と言いました。👩‍🏫🇯🇵",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, key, secret, room, learner, turns] = arguments.as_slice() else {
        return Err("usage: captions URL KEY SECRET ROOM LEARNER TURNS".into());
    };
    let turns: u32 = turns.parse()?;
    let connector = LiveKitConnector::new(LiveKitConfig::new(
        url,
        key,
        SecretString::from(secret.as_str()),
    ));
    let request = JoinRoom {
        room: room.clone(),
        identity: "tutor".into(),
        name: "Avaaz".into(),
        attributes: BTreeMap::from([(STATE.into(), "listening".into())]),
    };
    let JoinedRoom {
        room,
        mut events,
        audio,
    } = connector.join(request).await?;
    while !matches!(events.recv().await.ok_or("the room ended")?, RoomEvent::Joined(who) if who.identity == *learner)
    {
    }
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    // A page registers its handlers a moment after it has joined.
    sleep(Duration::from_secs(1)).await;

    let mut captions = Captions::new(room.clone(), audio, "c".into(), learner.clone(), &[]);
    let mut chance = StdRng::seed_from_u64(SEED);
    let mut plan: Vec<(Duration, Caption)> = Vec::new();
    for number in 1..=turns {
        let (spoken, words) = turn(number, PACE * number, &mut chance);
        plan.extend(spoken);
        println!("{words}");
    }
    // Stable: what is due at the same moment keeps its order.
    plan.sort_by_key(|(at, _)| *at);
    let began = Instant::now();
    for (at, caption) in plan {
        sleep_until(began + at).await;
        captions.show(caption);
        captions.catch_up();
    }
    while captions.is_behind() {
        sleep(Duration::from_millis(50)).await;
        captions.catch_up();
    }
    eprintln!("all is said");
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    room.close().await;
    Ok(())
}

/// What is shown of a turn and when, and what it should look like in the end.
fn turn(number: u32, at: Duration, chance: &mut StdRng) -> (Vec<(Duration, Caption)>, String) {
    let turn = TurnId(number);
    let sentence = SENTENCES[chance.random_range(0..SENTENCES.len())];
    let times = if number.is_multiple_of(LONG_EVERY) {
        LONG_TIMES
    } else {
        1
    };
    let text = format!("{number}. {}", vec![sentence; times].join(" "));
    let speaker = if number.is_multiple_of(2) {
        Speaker::Learner
    } else {
        Speaker::Tutor
    };
    let mut spoken = vec![(at, Caption::Begin { turn, speaker })];
    let mut done = at + PACE;
    if speaker == Speaker::Learner {
        done = at + Duration::from_millis(chance.random_range(0..=LATEST_MS));
    } else {
        // Words come as they are heard, in pieces of whole characters.
        let characters: Vec<char> = text.chars().collect();
        for piece in characters.chunks(characters.len().div_ceil(4)) {
            let text = piece.iter().collect();
            spoken.push((at, Caption::Append { turn, text }));
        }
    }
    let line = serde_json::json!({"speaker": if speaker == Speaker::Tutor { "tutor" } else { "learner" }, "text": text});
    spoken.push((
        done,
        Caption::Final {
            turn,
            speaker,
            text,
            interrupted: false,
        },
    ));
    (spoken, line.to_string())
}
