//! A journal that may not grow refuses entries and says why, and goes on once it may.
#![expect(
    clippy::unwrap_used,
    reason = "a writer that cannot be run fails its test"
)]

use std::env;
use std::path::Path;
use std::process::Command;

use daemon_journal::{Entry, FileAnchor, Journal, JournalError, Limits, OutcomeResult, verify};
use rustix::process::{Resource, getrlimit, setrlimit};
use time::macros::datetime;

/// Set in the environment of the writer that the test starts from this same test binary.
const WRITER_FOLDER: &str = "JOURNAL_TEST_WRITER_FOLDER";

#[test]
fn a_writer_without_space_refuses_and_goes_on_when_there_is_space() {
    if let Some(folder) = env::var_os(WRITER_FOLDER) {
        return meet_the_limit(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    // The signal of the limit would end the writer; ignored, it becomes the error of the call.
    let done = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -S -f 8; exec \"$0\" \"$@\""])
        .arg(env::current_exe().unwrap())
        .args(["a_writer_without_space", "--nocapture"])
        .env(WRITER_FOLDER, folder.path())
        // Into a pipe: the limit holds for an output that is a file, too.
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let report = verify(&folder.path().join("journal"), &anchor_in(folder.path())).unwrap();
    assert!(report.is_whole() && !report.is_unfinished, "{report:?}");
    assert!(report.entries > 10, "{report:?}");
}

fn meet_the_limit(folder: &Path) {
    let now = datetime!(2026-11-21 10:00 UTC);
    let anchor = Box::new(anchor_in(folder));
    let journal = Journal::open(&folder.join("journal"), anchor, Limits::default(), now).unwrap();
    let mut last = 0;
    let refused = loop {
        match journal.append(now, Entry::AgentStopped) {
            Ok(seq) => last = seq,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(refused, JournalError::NoSpace { .. }),
        "{refused:?}"
    );
    journal.outcome(now, last, OutcomeResult::ok());
    let report = verify(&folder.join("journal"), &anchor_in(folder)).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(report.head.unwrap().seq, last);

    let mut limit = getrlimit(Resource::Fsize);
    limit.current = limit.maximum;
    setrlimit(Resource::Fsize, limit).unwrap();
    let seq = journal.append(now, Entry::AgentStopped).unwrap();
    assert_eq!(seq, last + 2, "the outcome that waited comes first");
}

fn anchor_in(folder: &Path) -> FileAnchor {
    FileAnchor::new(&folder.join("apart/head"))
}
