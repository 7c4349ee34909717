//! What an agent that is no more left in its state folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use cpxd_tests::agent::Agent;
use daemon_core::Grants;
use daemon_journal::{Entry, FileAnchor, Journal, Limits, Line, Query, newest, verify};
use time::OffsetDateTime;

/// The journal and the grants on the disk.
#[derive(Debug)]
pub(crate) struct Remains {
    /// The journal, oldest line first.
    pub(crate) lines: Vec<Line>,
    /// How many files it has.
    pub(crate) files: usize,
    /// The ids of the programs that may call.
    pub(crate) grants: BTreeSet<String>,
}

impl Remains {
    /// Fails if the chain is broken, or the grants are unreadable or were put aside.
    pub(crate) fn of(agent: &Agent) -> Self {
        let journal = agent.state_dir().join("journal");
        let report = verify(&journal, &anchor(agent)).expect("the journal can be listed");
        assert!(report.is_whole(), "the chain is broken: {report:?}");
        let all = Query {
            before: None,
            limit: usize::MAX,
            keep: |_: &Entry| true,
        };
        let mut lines = newest(&journal, &all).expect("the journal can be read");
        lines.reverse();
        for line in &lines {
            // The start after a kill would say so.
            let is_damage = matches!(line.entry, Entry::Damaged { .. });
            assert!(!is_damage, "an agent found damage: {line:?}");
        }
        Self {
            lines,
            files: report.files,
            grants: grants(agent),
        }
    }
}

fn grants(agent: &Agent) -> BTreeSet<String> {
    let entries = fs::read_dir(agent.state_dir()).expect("the state folder");
    for entry in entries {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy();
        assert!(!name.contains(".unusable"), "grants were put aside: {name}");
    }
    let json = fs::read(agent.state_dir().join("grants-test.json")).expect("the grants");
    let grants = Grants::from_json(&json).expect("grants that can be read");
    let programs = grants.programs(OffsetDateTime::now_utc());
    programs.map(|program| program.id.0.clone()).collect()
}

/// Leaves so little room in the first file of the journal that the second one begins soon.
pub(crate) fn fill_the_first_file(agent: &Agent) {
    let folder = agent.state_dir().join("journal");
    let limits = Limits::default();
    let now = OffsetDateTime::now_utc();
    let open = Journal::open(&folder, Box::new(anchor(agent)), limits, now);
    let journal = open.expect("the journal of an agent that ended");
    let file = newest_file(&folder);
    let words = "x".repeat(8000);
    let len = || fs::metadata(&file).expect("the file").len();
    while len() + 16_000 < limits.maximum_file_len {
        let filling = Entry::AgentStarted {
            version: "filling".into(),
            pid: 0,
            settings: BTreeMap::from([("words".to_owned(), words.clone())]),
        };
        journal.append(now, filling).expect("a line");
    }
}

fn newest_file(folder: &std::path::Path) -> PathBuf {
    let files = fs::read_dir(folder).expect("the journal");
    let names = files.map(|entry| entry.expect("an entry").path());
    let lines = names.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    lines.max().expect("a file")
}

fn anchor(agent: &Agent) -> FileAnchor {
    FileAnchor::new(&agent.state_dir().join("journal-anchor/head"))
}
