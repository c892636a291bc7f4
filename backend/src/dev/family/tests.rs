use std::path::Path;

use super::*;

fn shell(folder: &Path, name: &'static str, script: &str) -> Program {
    Program {
        name,
        path: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        log: folder.join(format!("{name}.log")),
        stop_signal: Signal::SIGTERM,
        grace: Duration::from_millis(600),
        orphan_signal: "KILL",
        unprivileged: false,
    }
}

/// Ready once it has written something.
async fn has_spoken(folder: &Path, name: &str) -> bool {
    std::fs::read_to_string(folder.join(format!("{name}.log"))).is_ok_and(|log| !log.is_empty())
}

fn pids(folder: &Path, name: &str) -> Vec<i32> {
    let log = std::fs::read_to_string(folder.join(format!("{name}.log"))).unwrap_or_default();
    log.lines().filter_map(|line| line.parse().ok()).collect()
}

fn lives(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}

#[tokio::test]
async fn a_program_that_ends_at_its_start_is_explained_by_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut family = Family::default();
    let program = shell(folder.path(), "broken", "echo the disk is on fire; exit 3");
    let refused = family
        .start(program, || async { false })
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("broken ended at its start (exit status: 3)"),
        "{refused}"
    );
    assert!(refused.contains("the disk is on fire"), "{refused}");
    family.stop(&CancellationToken::new()).await;
}

#[tokio::test]
async fn a_program_that_ends_by_itself_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut family = Family::default();
    let program = shell(folder.path(), "mayfly", "echo $$; sleep 0.1");
    family
        .start(program, || has_spoken(folder.path(), "mayfly"))
        .await
        .unwrap();
    let _elapsed = timeout(Duration::from_millis(1500), family.keep_running()).await;
    let starts = pids(folder.path(), "mayfly");
    assert!(
        (2..=4).contains(&starts.len()),
        "the pause between starts grows: {starts:?}"
    );
    family.stop(&CancellationToken::new()).await;
    assert!(starts.into_iter().all(|pid| !lives(pid)));
}

#[tokio::test]
async fn the_last_started_ends_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut family = Family::default();
    let order = folder.path().join("order");
    for name in ["first", "second"] {
        let script = format!(
            "trap 'echo {name} >> {}; exit' TERM; echo $$; while :; do sleep 0.02; done",
            order.display()
        );
        let program = shell(folder.path(), name, &script);
        family
            .start(program, || has_spoken(folder.path(), name))
            .await
            .unwrap();
    }
    family.stop(&CancellationToken::new()).await;
    assert_eq!(std::fs::read_to_string(order).unwrap(), "second\nfirst\n");
}

#[tokio::test]
async fn one_that_does_not_listen_is_killed_with_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let mut family = Family::default();
    let script = "trap '' TERM; (trap '' TERM; exec sleep 30) & echo $!; echo $$; while :; do sleep 0.05; done";
    let program = shell(folder.path(), "deaf", script);
    family
        .start(program, || async { pids(folder.path(), "deaf").len() == 2 })
        .await
        .unwrap();
    family.stop(&CancellationToken::new()).await;
    // A killed grandchild is reaped by init, which may take a moment.
    for _ in 0..100 {
        if !pids(folder.path(), "deaf").into_iter().any(is_running) {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("something of it still runs");
}

/// Lives and is not merely waiting to be reaped.
fn is_running(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
