//! Documents that mean harm. Each is refused, or fails with a state that says why, and the server never notices.

use std::io::{Cursor, Write as _};
use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::stream;
use reqwest::Body;
use reqwest::header::CONTENT_LENGTH;
use tokio::time::Instant;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::pdf;
use super::resident::Resident;
use super::world::{World, form, head, send, tail};

/// Returns why a document failed, having seen that the server goes on as before.
async fn failure_of(world: &World, name: &str, content: impl AsRef<[u8]>) -> String {
    let document = world.read(name, content).await;
    assert_eq!(document["status"], "failed", "{document}");
    assert_eq!(document["progress"], 0);
    let detail = document["failure"]["detail"].as_str().unwrap();
    assert!(detail.ends_with('.'), "{detail}");
    let path = format!("/documents/{}", document["id"].as_str().unwrap());
    assert_eq!(world.ada.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.ada.get("/health").await.status, StatusCode::OK);
    assert_eq!(
        (world.count("documents").await, world.files().len()),
        (0, 0)
    );
    document["failure"]["code"].as_str().unwrap().to_owned()
}

/// A package with one entry of `megabytes` of nothing, and whatever makes it look like a document.
fn bomb(others: &[(&str, &str)], entry: &str, opening: &str, megabytes: usize) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in others {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    let options = SimpleFileOptions::default().large_file(true);
    writer.start_file(entry, options).unwrap();
    writer.write_all(opening.as_bytes()).unwrap();
    let megabyte = vec![b' '; 1024 * 1024];
    for _ in 0..megabytes {
        writer.write_all(&megabyte).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const BOMB_MEGABYTES: usize = 700;
const RELATIONSHIPS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_zip_bomb_fails_as_too_large() {
    let world = World::start().await;
    let docx = bomb(
        &[("_rels/.rels", RELATIONSHIPS)],
        "word/document.xml",
        "<w:document><w:body><w:p><w:r><w:t>",
        BOMB_MEGABYTES,
    );
    assert!(docx.len() < 5 * 1024 * 1024, "{}", docx.len());
    let resident = Resident::watch();
    let code = failure_of(&world, "bomb.docx", docx).await;
    assert!(["too_large", "damaged"].contains(&code.as_str()), "{code}");

    let epub = bomb(
        &[
            ("mimetype", "application/epub+zip"),
            (
                "META-INF/container.xml",
                r#"<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"#,
            ),
            (
                "content.opf",
                r#"<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">x</dc:identifier><dc:title>t</dc:title><dc:language>en</dc:language></metadata><manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/></spine></package>"#,
            ),
        ],
        "c.xhtml",
        "<html><body><p>",
        BOMB_MEGABYTES,
    );
    assert_eq!(failure_of(&world, "bomb.epub", epub).await, "too_large");
    // Other tests run in this process, too.
    let growth = resident.growth();
    println!("two bombs of {BOMB_MEGABYTES} MB: this process grew by {growth} MB");
    assert!(growth < BOMB_MEGABYTES as u64 / 2, "{growth} MB");
    world.reads_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_pdf_fails_as_damaged() {
    let world = World::start().await;
    let pages: Vec<String> = (1..=40)
        .map(|page| {
            let line = format!(
                "On page {page} the grey heron fishes at dusk, and the stork flies home.\n"
            );
            line.repeat(30)
        })
        .collect();
    let book = pdf::book(&pages);
    let whole = world.read("book.pdf", &book).await;
    assert_eq!(whole["status"], "ready", "{whole}");
    assert!(whole["passage_count"].as_i64().unwrap() >= 40, "{whole}");
    let path = format!("/documents/{}", whole["id"].as_str().unwrap());
    assert_eq!(world.ada.delete(&path).await.status, StatusCode::NO_CONTENT);
    for (numerator, denominator) in [(1, 4), (1, 2), (9, 10), (99, 100)] {
        let cut = &book[..book.len() * numerator / denominator];
        assert_eq!(failure_of(&world, "book.pdf", cut).await, "damaged");
    }
    assert_eq!(
        failure_of(&world, "book.pdf", b"%PDF-1.7\n%%EOF\n").await,
        "damaged"
    );
    world.reads_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_300_megabytes_is_refused_whether_it_says_so_or_not() {
    let world = World::start().await;
    let piece = Bytes::from(vec![b'a'; 1024 * 1024]);
    let pieces = |piece: Bytes| {
        let form = std::iter::once(Bytes::from(head("huge.txt")))
            .chain(std::iter::repeat_n(piece, 300))
            .chain([Bytes::from(tail())]);
        stream::iter(form.map(Ok::<_, std::io::Error>))
    };
    let begun = Instant::now();
    let resident = Resident::watch();
    let streamed = send(&world.ada, Body::wrap_stream(pieces(piece.clone()))).await;
    assert_eq!(
        (streamed.status, streamed.problem()),
        (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large")
    );
    let length = 300 * 1024 * 1024 + head("huge.txt").len() + tail().len();
    let announced = form(&world.ada, Body::wrap_stream(pieces(piece)));
    let refused = (world.ada)
        .send(announced.header(CONTENT_LENGTH, length))
        .await;
    assert_eq!(refused.problem(), "payload_too_large");
    let growth = resident.growth();
    println!("a file of 300 MB: this process grew by {growth} MB");
    assert!(growth < 200, "{growth} MB");
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(
        (world.count("documents").await, world.files().len()),
        (0, 0)
    );
    assert_eq!(world.ada.get("/documents").await.status, StatusCode::OK);
    world.reads_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_extension_is_refused_or_found_out() {
    let world = World::start().await;
    let pdf = "%PDF-1.7\n1 0 obj\n";
    for (name, content) in [
        ("song.mp3", "some words"),
        ("noextension", "some words"),
        ("notes.pdf", "some words"),
        ("notes.txt", pdf),
        ("notes.docx", pdf),
        ("program.md", "\u{7f}ELF\u{2}\u{1}\u{1}\0\0\0\0\0\0\0\0\0"),
    ] {
        let refused = world.upload(name, content).await;
        assert_eq!(
            refused.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{name}: {refused:?}"
        );
        assert_eq!(refused.problem(), "unsupported_media_type");
    }
    assert_eq!(
        (world.count("documents").await, world.files().len()),
        (0, 0)
    );
    // A package of another kind is only seen once it is opened.
    let other = bomb(&[("readme.txt", "no document")], "x", "", 0);
    for name in ["other.docx", "other.pptx", "other.epub"] {
        assert_eq!(
            failure_of(&world, name, &other).await,
            "wrong_type",
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_in_a_page_is_neither_run_nor_read() {
    let world = World::start().await;
    let page = r#"<html><body onload="steal()"><p>Figs are cheap in August.</p><script>steal("everything")</script>
        <img src=x onerror="steal()"><iframe src="http://127.0.0.1:1/"></iframe></body></html>"#;
    let document = world.read("market.html", page).await;
    assert_eq!(document["status"], "ready", "{document}");
    let found = world.ada.get("/documents/search?q=figs").await;
    assert_eq!(found.header("content-type"), "application/json");
    assert_eq!(found.header("x-content-type-options"), "nosniff");
    let text = found.body["items"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("Figs are cheap") && !text.contains("steal"),
        "{text}"
    );

    let path = format!("/documents/{}", document["id"].as_str().unwrap());
    assert_eq!(world.ada.delete(&path).await.status, StatusCode::NO_CONTENT);
    let only_a_script = "<html><script>steal()</script></html>";
    assert_eq!(
        failure_of(&world, "script.html", only_a_script).await,
        "no_text"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parse_without_end_fails_as_too_slow() {
    let world = World::configured(|env| {
        env.set("AVAAZ_DOCUMENT_READER_SECONDS", "2");
        // It takes memory as well, on a fast machine more of it in that time.
        env.set("AVAAZ_DOCUMENT_READER_BYTES", (4u64 << 30).to_string());
    })
    .await;
    let begun = Instant::now();
    assert_eq!(failure_of(&world, "deep.html", endless()).await, "too_slow");
    world.reads_on().await;
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );

    // A reader that never answers and never dies by itself is ended, too.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("sleeper");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let world = World::configured(|env| {
        env.set("AVAAZ_DOCUMENT_READER_SECONDS", "1");
        env.set("AVAAZ_DOCUMENT_READER", program.to_string_lossy());
    })
    .await;
    assert_eq!(
        failure_of(&world, "any.txt", "some words").await,
        "too_slow"
    );
}

/// A page whose reading takes far longer than two seconds.
fn endless() -> String {
    let mut page = String::from("<html><body>");
    for level in 0..400_000 {
        page.push_str(if level % 2 == 0 {
            "<table><tr><td>x"
        } else {
            "<b><i>y"
        });
    }
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parser_that_dies_is_a_failed_document() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("crasher");
    std::fs::write(&program, "#!/bin/sh\nkill -SEGV $$\n").unwrap();
    std::fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let world =
        World::configured(|env| env.set("AVAAZ_DOCUMENT_READER", program.to_string_lossy())).await;
    assert_eq!(failure_of(&world, "any.txt", "some words").await, "damaged");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_has_no_environment_no_files_and_no_network() {
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    // What the server starts is looked at from inside; then it is what it should have been.
    let program = folder.path().join("spy");
    let script = format!(
        "#!/bin/sh\n/usr/bin/env > {0}\nls -l /proc/$$/fd | wc -l >> {0}\nexec {1} \"$@\"\n",
        seen.display(),
        env!("CARGO_BIN_EXE_avaaz")
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let world =
        World::configured(|env| env.set("AVAAZ_DOCUMENT_READER", program.to_string_lossy())).await;
    assert_eq!(world.read("any.txt", "some words").await["status"], "ready");
    let seen = std::fs::read_to_string(seen).unwrap();
    for name in ["HOME=", "DATABASE_URL", "AVAAZ", "KEY"] {
        assert!(!seen.contains(name), "{seen}");
    }

    // Confined, it has nothing to open anything with.
    let mut child = Command::new(env!("CARGO_BIN_EXE_avaaz"))
        .args([
            "parse-document",
            "--kind",
            "text",
            "--memory-bytes",
            "536870912",
            "--seconds",
            "5",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let limits = format!("/proc/{}/limits", child.id());
    let begun = Instant::now();
    let confined = loop {
        let limits = std::fs::read_to_string(&limits).unwrap();
        if limits.lines().any(|line| is_zero(line, "Max open files")) {
            break limits;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{limits}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(
        confined.lines().any(|line| is_zero(line, "Max file size")),
        "{confined}"
    );
    assert!(
        confined
            .lines()
            .any(|line| is_zero(line, "Max core file size")),
        "{confined}"
    );
    assert_eq!(
        niceness(&child.id().to_string()),
        (niceness("self") + 10).min(19)
    );
    drop(child.stdin.take());
    child.wait().unwrap();
}

fn niceness(process: &str) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The 19th field; the 2nd is its name, in brackets.
    let after_name = stat.rsplit(')').next().unwrap();
    after_name
        .split_whitespace()
        .nth(16)
        .unwrap()
        .parse()
        .unwrap()
}

fn is_zero(line: &str, limit: &str) -> bool {
    line.strip_prefix(limit)
        .is_some_and(|rest| rest.split_whitespace().take(2).all(|word| word == "0"))
}
