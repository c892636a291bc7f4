//! The arrows of the architecture, kept by reading the sources.

use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns every Rust file below a folder; none if there is no such folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect();
    files.sort();
    files
}

/// Returns the lines that hold one of the words, comments apart.
fn lines_with(text: &str, words: &[&str]) -> Vec<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .filter(|line| words.iter().any(|word| line.contains(word)))
        .map(str::to_owned)
        .collect()
}

/// Fails for every line of the files that holds one of the words. There must be files to look at.
fn assert_free_of(files: &[PathBuf], words: &[&str]) {
    assert!(!files.is_empty(), "nothing was looked at");
    let offences: Vec<String> = files
        .iter()
        .flat_map(|file| {
            lines_with(&fs::read_to_string(file).unwrap(), words)
                .into_iter()
                .map(|line| format!("{}: {}", file.display(), line.trim()))
        })
        .collect();
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

const ROOM_CRATES: [&str; 7] = [
    "webrtc::",
    "rtc::",
    "livekit_protocol",
    "livekit_signaling",
    "livekit_token",
    "livekit_api",
    "use prost",
];
const WIRE: [&str; 5] = [
    "serde_json",
    "wire::",
    EVENT_NAMES[0],
    EVENT_NAMES[1],
    EVENT_NAMES[2],
];
const EVENT_NAMES: [&str; 3] = ["\"session.", "\"response.", "\"conversation.item"];

#[test]
fn the_check_itself_can_fail() {
    let bad =
        "use webrtc::peer_connection;\n// use webrtc::comment;\nlet event = \"response.done\";";
    assert_eq!(lines_with(bad, &ROOM_CRATES).len(), 1);
    assert_eq!(lines_with(bad, &WIRE).len(), 1);
    let outside = fs::read_to_string(repository().join("agent/src/room/livekit/mod.rs"))
        .or_else(|_| fs::read_to_string(repository().join("agent/src/room/livekit.rs")))
        .unwrap();
    let inside: String = sources(&repository().join("agent/src/room/livekit"))
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    assert!(!lines_with(&(outside + &inside), &ROOM_CRATES).is_empty());
    let wire = fs::read_to_string(repository().join("agent/src/realtime/openai/wire.rs")).unwrap();
    assert!(!lines_with(&wire, &WIRE).is_empty());
}

#[test]
fn the_tutor_core_can_do_no_io() {
    let manifest = fs::read_to_string(repository().join("agent/tutor/Cargo.toml")).unwrap();
    let dependencies = manifest
        .split_once("[dependencies]")
        .unwrap()
        .1
        .split("\n[")
        .next()
        .unwrap();
    let names: Vec<&str> = dependencies
        .lines()
        .filter_map(|line| line.split(['.', '=', ' ']).next())
        .filter(|name| !name.is_empty())
        .collect();
    assert!(!names.is_empty());
    for name in names {
        assert!(
            ["thiserror", "unicode-segmentation"].contains(&name),
            "the tutor core depends on {name}: can it do IO?"
        );
    }
    assert_free_of(
        &sources(&repository().join("agent/tutor/src")),
        &[
            "tokio",
            "std::net",
            "std::fs",
            "std::thread",
            "Instant::now",
            "SystemTime",
            "async fn",
        ],
    );
}

#[test]
fn only_the_room_client_knows_webrtc_and_livekit() {
    let files: Vec<PathBuf> = sources(&repository().join("agent/src"))
        .into_iter()
        .filter(|file| !file.to_string_lossy().contains("room/livekit"))
        .collect();
    assert_free_of(&files, &ROOM_CRATES);
}

#[test]
fn only_wire_files_know_a_providers_json() {
    let (realtime, others): (Vec<PathBuf>, Vec<PathBuf>) = sources(&repository().join("agent/src"))
        .into_iter()
        // The JSON in there is WebRTC's.
        .filter(|file| !file.to_string_lossy().contains("room/livekit"))
        .partition(|file| file.to_string_lossy().contains("/realtime/"));
    assert_free_of(&others, &WIRE);

    // A provider's own folder may speak in the wire's types; what stands beside the folders may not.
    let (shared, of_one): (Vec<PathBuf>, Vec<PathBuf>) = realtime
        .into_iter()
        .filter(|file| !file.ends_with("wire.rs"))
        .partition(|file| {
            file.parent()
                .is_some_and(|folder| folder.ends_with("realtime"))
        });
    assert!(shared.iter().any(|file| file.ends_with("socket.rs")));
    assert_free_of(&shared, &WIRE);
    // Tests play the provider; what they say is not what we know.
    let of_one: Vec<PathBuf> = of_one
        .into_iter()
        .filter(|file| {
            !file.ends_with("tests.rs")
                && !file
                    .parent()
                    .is_some_and(|folder| folder.ends_with("tests"))
        })
        .collect();
    assert!(of_one.iter().any(|file| file.ends_with("translate.rs")));
    assert_free_of(
        &of_one,
        &["Deserialize", "Serialize", "#[serde", "serde_json"],
    );
    assert_free_of(&of_one, &EVENT_NAMES);
}

#[test]
fn learner_audio_has_no_way_to_a_disk() {
    let agent = sources(&repository().join("agent/src"));
    assert_free_of(&agent, &["std::fs", "tokio::fs", "File::create"]);
}

#[test]
fn domains_know_neither_http_nor_sql_and_handlers_no_sql() {
    let backend = sources(&repository().join("backend/src"));
    let named = |name: &str| -> Vec<PathBuf> {
        backend
            .iter()
            .filter(|file| file.ends_with(name))
            .cloned()
            .collect()
    };
    const HTTP_AND_SQL: [&str; 3] = ["axum", "sqlx", "utoipa_axum"];
    const SQL: [&str; 4] = ["sqlx::query", "query!(", "query_as!(", "query_scalar!("];
    assert_eq!(lines_with("use sqlx::PgPool;", &HTTP_AND_SQL).len(), 1);
    assert_eq!(lines_with("sqlx::query_as!(Turn,", &SQL).len(), 1);
    assert_free_of(&named("domain.rs"), &HTTP_AND_SQL);
    assert_free_of(&named("handlers.rs"), &SQL);
}
