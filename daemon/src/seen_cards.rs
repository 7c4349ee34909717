//! Where this installation keeps what it knows of cards seen before.

use std::time::SystemTime;

use anyhow::Context as _;
use daemon_cards::{EntryStore, LIFETIME, SeenCards};
use platform::kept_files::{KeptFiles, KeptFilesLimits, remove_kept_files};
use platform::paths::AgentPaths;
use platform::private_files::PrivateFileError;

/// The cards seen before, unless the configuration forbids to remember any: then what was kept goes.
///
/// # Errors
/// When something that must not be kept cannot be removed.
pub(crate) fn seen_cards(paths: &AgentPaths, remember: bool) -> anyhow::Result<Option<SeenCards>> {
    let folder = paths.seen_cards_dir();
    if !remember {
        remove_kept_files(&folder).context("removing what was kept of cards seen before")?;
        return Ok(None);
    }
    let files = KeptFiles::open(&folder, LIMITS).and_then(|files| {
        remove_expired(&files)?;
        Ok(files)
    });
    Ok(files
        .inspect_err(|error| tracing::warn!(event = "cards-not-remembered", error = %chain(error), "no card is remembered"))
        .ok()
        .map(|files| SeenCards::new(Box::new(Files(files)), SystemTime::now)))
}

/// What goes wrong with a file costs a reading of the card, and a line in the log.
struct Files(KeptFiles);

impl EntryStore for Files {
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.0.read(name).unwrap_or_else(|error| {
            tracing::warn!(event = "card-memory-unreadable", error = %chain(&error), "what was kept of a card is not read");
            None
        })
    }

    fn write(&self, name: &str, entry: &[u8]) {
        let written = self.0.write(name, entry);
        // An agent that runs for months keeps nothing for longer than one that was started today.
        if let Err(error) = written.and_then(|()| remove_expired(&self.0)) {
            tracing::warn!(event = "card-memory-unwritable", error = %chain(&error), "a card is not kept");
        }
    }

    fn remove(&self, name: &str) {
        if let Err(error) = self.0.remove(name) {
            tracing::warn!(event = "card-memory-not-removed", error = %chain(&error), "what was kept of a card is not removed");
        }
    }
}

fn remove_expired(files: &KeptFiles) -> Result<(), PrivateFileError> {
    let oldest = SystemTime::now().checked_sub(LIFETIME);
    files.remove_older_than(oldest.unwrap_or(SystemTime::UNIX_EPOCH))
}

/// An error with what the system said.
fn chain(error: &PrivateFileError) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// Far more cards than one workstation meets in a month, and ten times the largest entry.
const LIMITS: KeptFilesLimits = KeptFilesLimits {
    files: 32,
    bytes: 64 * 1024,
};

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn an_entry_that_expired_while_the_agent_runs_goes_with_the_next_one_that_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files(KeptFiles::open(folder.path(), LIMITS).unwrap());
        files.write("old", b"entry");
        let old = File::open(folder.path().join("old")).unwrap();
        old.set_modified(SystemTime::now() - 2 * LIFETIME).unwrap();
        files.write("new", b"entry");
        assert_eq!(files.read("old"), None);
        assert!(files.read("new").is_some());
    }
}
