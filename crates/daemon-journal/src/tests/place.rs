//! A journal in a folder of its own, with its anchor beside it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::{
    Entry, FileAnchor, Journal, JournalError, Limits, Line, Name, Operation, OutcomeResult, Query,
    Report, Who, newest, verify,
};

/// The time of every entry that needs no other.
pub(super) const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

/// Files of a few lines, so that a new one begins all the time.
pub(super) const SMALL: Limits = Limits {
    maximum_file_len: 1200,
    maximum_files: 100,
    maximum_age: Duration::days(365),
};

/// A journal and its anchor.
#[derive(Debug)]
pub(super) struct Place(TempDir);

impl Place {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    pub(super) fn anchor_file(&self) -> PathBuf {
        self.0.path().join("apart/head")
    }

    pub(super) fn anchor(&self) -> FileAnchor {
        FileAnchor::new(&self.anchor_file())
    }

    pub(super) fn open(&self) -> Journal {
        self.open_with(SMALL)
    }

    pub(super) fn open_with(&self, limits: Limits) -> Journal {
        self.try_open_with(limits).unwrap()
    }

    /// Without waiting for the disk, which tests of the chain do not need.
    pub(super) fn try_open_with(&self, limits: Limits) -> Result<Journal, JournalError> {
        let journal = Journal::open(&self.folder(), Box::new(self.anchor()), limits, NOW)?;
        journal.replace_sync(|_| Ok(()));
        Ok(journal)
    }

    /// Appends `count` lines, every second one an outcome.
    pub(super) fn fill(&self, count: u64) {
        let journal = self.open();
        for _ in 0..count / 2 {
            let seq = journal.append(NOW, intent("program")).unwrap();
            journal.outcome(NOW, seq, OutcomeResult::ok());
        }
        if count % 2 == 1 {
            journal.append(NOW, intent("program")).unwrap();
        }
        journal.sync().unwrap();
    }

    pub(super) fn report(&self) -> Report {
        verify(&self.folder(), &self.anchor()).unwrap()
    }

    pub(super) fn newest(&self, before: Option<u64>, limit: usize) -> Vec<Line> {
        let keep = |_: &Entry| true;
        let query = Query {
            before,
            limit,
            keep,
        };
        newest(&self.folder(), &query).unwrap()
    }

    /// The journal's files, oldest first.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder()).unwrap();
        let mut files: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
            .collect();
        files.sort();
        files
    }

    /// The file and the place in it of the line with this place in the journal, both from 0.
    pub(super) fn locate(&self, mut place: usize) -> (PathBuf, usize) {
        for file in self.files() {
            let count = lines_of(&file).len();
            if place < count {
                return (file, place);
            }
            place -= count;
        }
        panic!("the journal has fewer lines");
    }

    pub(super) fn edit_last_file(&self, edit: impl FnOnce(&mut Vec<Vec<u8>>)) {
        let file = self.files().pop().unwrap();
        let mut lines = lines_of(&file);
        edit(&mut lines);
        write_lines(&file, &lines);
    }
}

/// The lines of a file, without their line feeds.
pub(super) fn lines_of(file: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(file).unwrap();
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    text.split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

pub(super) fn write_lines(file: &Path, lines: &[Vec<u8>]) {
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
    }
    fs::write(file, bytes).unwrap();
}

/// The intent of a program with this name to sign.
pub(super) fn intent(name: &str) -> Entry {
    Entry::Intent {
        who: Who::Program {
            id: None,
            name: Name::of(name),
        },
        operation: Operation::Sign,
        card: "card".into(),
        key: Some(crate::CardKey::Signature),
        digests: Some(1),
        session: None,
    }
}
