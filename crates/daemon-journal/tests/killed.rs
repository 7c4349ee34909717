//! A writer that is killed at any moment loses nothing that it acknowledged.
//!
//! `CPXD_KILL_ROUNDS` says how often it is killed; 50 times where it is not set.
#![expect(
    clippy::unwrap_used,
    reason = "a writer that cannot be run fails its test"
)]

use std::env;
use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use daemon_journal::{
    Entry, FileAnchor, Journal, Limits, Name, Operation, OutcomeResult, Query, Who, newest, verify,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use time::OffsetDateTime;

/// Set in the environment of the writer that the test starts from this same test binary.
const WRITER_FOLDER: &str = "JOURNAL_TEST_WRITER_FOLDER";

#[test]
fn a_writer_killed_at_any_moment_leaves_a_whole_chain_with_all_that_it_acknowledged() {
    if let Some(folder) = env::var_os(WRITER_FOLDER) {
        write_until_killed(Path::new(&folder));
    }
    let rounds = env::var("CPXD_KILL_ROUNDS").map_or(50, |rounds| rounds.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..rounds {
        // Every second writer may be killed while it opens the journal, the others while they write.
        let begins_to_write = round % 2 == 0;
        let lives_for = random_life();
        let last = run_and_kill(folder.path(), begins_to_write, lives_for);
        acknowledged = acknowledged.max(last);
        let report = verify(&journal_in(folder.path()), &anchor_in(folder.path())).unwrap();
        let round = format!("round {round}, killed after {lives_for:?}");
        assert!(report.is_whole(), "{round}: {report:?}");
        let head = report.head.map_or(0, |head| head.seq);
        assert!(head >= acknowledged, "{round}: {head} < {acknowledged}");
    }
    assert!(acknowledged >= rounds / 2, "{acknowledged}");
    writeln!(
        stdout(),
        "killed {rounds} times, {acknowledged} entries acknowledged"
    )
    .unwrap();
    let query = Query {
        before: Some(acknowledged + 1),
        limit: 1,
        keep: |_: &Entry| true,
    };
    let last = newest(&journal_in(folder.path()), &query).unwrap();
    assert_eq!(last.first().unwrap().seq, acknowledged);
}

fn random_life() -> Duration {
    let mut bytes = [0; 2];
    SystemRandom::new().fill(&mut bytes).unwrap();
    Duration::from_micros(u64::from(u16::from_ne_bytes(bytes)))
}

/// Starts a writer, lets it live, kills it; the last number that it acknowledged, 0 for none.
fn run_and_kill(folder: &Path, begins_to_write: bool, lives_for: Duration) -> u64 {
    let mut writer = Command::new(env::current_exe().unwrap())
        .args(["a_writer_killed_at_any_moment", "--nocapture"])
        .env(WRITER_FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(writer.stdout.take().unwrap());
    let (acknowledge, acknowledged) = mpsc::channel();
    let reader = thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        for seq in lines.filter_map(|line| line.strip_prefix("seq ")?.parse::<u64>().ok()) {
            acknowledge.send(seq).unwrap();
        }
    });
    let first = begins_to_write.then(|| acknowledged.recv_timeout(BOUND).unwrap());
    thread::sleep(lives_for);
    writer.kill().unwrap();
    writer.wait().unwrap();
    reader.join().unwrap();
    acknowledged.iter().chain(first).max().unwrap_or(0)
}

/// Only bounds a hang.
const BOUND: Duration = Duration::from_secs(60);

/// Appends from two threads, and prints each number once it is acknowledged.
fn write_until_killed(folder: &Path) -> ! {
    let limits = Limits {
        maximum_file_len: 4000,
        maximum_files: 20,
        ..Limits::default()
    };
    let now = OffsetDateTime::now_utc;
    let anchor = Box::new(anchor_in(folder));
    let journal = Journal::open(&journal_in(folder), anchor, limits, now()).unwrap();
    stdout().write_all(b"\n").unwrap();
    thread::scope(|scope| {
        for name in ["one", "two"] {
            let journal = &journal;
            scope.spawn(move || {
                loop {
                    let seq = journal.append(now(), intent(name)).unwrap();
                    // One write for the whole line, so that a kill does not leave half a number.
                    stdout()
                        .write_all(format!("seq {seq}\n").as_bytes())
                        .unwrap();
                    journal.outcome(now(), seq, OutcomeResult::ok());
                }
            });
        }
    });
    std::process::exit(1)
}

fn intent(name: &str) -> Entry {
    Entry::Intent {
        who: Who::Program {
            id: None,
            name: Name::of(name),
        },
        operation: Operation::Sign,
        card: "card".into(),
        key: None,
        digests: Some(1),
        session: None,
    }
}

fn journal_in(folder: &Path) -> PathBuf {
    folder.join("journal")
}

fn anchor_in(folder: &Path) -> FileAnchor {
    FileAnchor::new(&folder.join("apart/head"))
}
