//! A journal for operations that a test drives without an agent.

use std::sync::Arc;

use daemon_journal::{FileAnchor, Journal, Limits};
use tempfile::TempDir;
use time::OffsetDateTime;

/// A journal in a folder that lives as long as this.
#[derive(Debug)]
pub struct OwnJournal {
    /// The journal.
    pub journal: Arc<Journal>,
    _folder: TempDir,
}

impl OwnJournal {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the journal");
        let anchor = Box::new(FileAnchor::new(&folder.path().join("anchor/head")));
        let path = folder.path().join("journal");
        let now = OffsetDateTime::now_utc();
        let journal = Journal::open(&path, anchor, Limits::default(), now).expect("a journal");
        Self {
            journal: Arc::new(journal),
            _folder: folder,
        }
    }
}

impl Default for OwnJournal {
    fn default() -> Self {
        Self::new()
    }
}
