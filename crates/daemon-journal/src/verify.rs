//! Looking for what was changed since it was written.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::anchor::AnchorStore;
use crate::chain::{Head, Line};
use crate::entry::Entry;
use crate::files::{FileName, list};
use crate::following::{Fault, Follower, Wrong};

/// What a journal looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Files read.
    pub files: usize,
    /// Sound lines read.
    pub entries: u64,
    /// Sequence number of the last entry that the limits removed; 0 for none.
    pub retired_through: u64,
    /// The last sound line: noted down elsewhere, it shows later whether anything before it changed.
    pub head: Option<Head>,
    /// The last line is unfinished, as a kill or a power cut leaves it. Nobody was told that it was written.
    pub is_unfinished: bool,
    /// What is wrong, oldest first; empty for a whole journal.
    pub faults: Vec<Fault>,
    /// Faults found beyond those listed.
    pub more_faults: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Reads the whole journal in `folder` and compares it with its anchor, in bounded memory. The
/// journal may be written meanwhile.
///
/// # Errors
/// When the folder cannot be listed; everything else that is wrong is in the report.
pub fn verify(folder: &Path, anchor: &dyn AnchorStore) -> io::Result<Report> {
    let mut names;
    let mut report;
    let mut looks = 0;
    loop {
        looks += 1;
        // The anchor first: what is appended meanwhile only takes the chain ahead of it.
        let anchored = read(anchor);
        names = list(folder)?;
        report = look(folder, &names, &anchored);
        // The writer may have removed old files under our hands.
        let was_stable = list(folder)?.first() == names.first();
        if report.is_whole() || was_stable || looks == MOST_LOOKS {
            return Ok(report);
        }
    }
}

/// What an anchor says.
pub(crate) fn read(anchor: &dyn AnchorStore) -> Result<Option<Head>, Wrong> {
    anchor.read().map_err(|error| Wrong::AnchorUnreadable {
        because: error.to_string(),
    })
}

/// What the agent found when it started, and wrote into this line.
pub(crate) fn found_before(line: &Line) -> Option<Wrong> {
    match &line.entry {
        Entry::Damaged { what, .. } => Some(Wrong::FoundBefore { what: what.clone() }),
        Entry::AgentStarted { .. }
        | Entry::AgentStopped
        | Entry::Intent { .. }
        | Entry::Outcome { .. }
        | Entry::Grant { .. }
        | Entry::Pairing { .. }
        | Entry::Refusal { .. }
        | Entry::SessionOpened { .. }
        | Entry::SessionClosed { .. }
        | Entry::Recovered { .. }
        | Entry::Retired { .. }
        | Entry::Unknown => None,
    }
}

const MOST_LOOKS: usize = 3;

fn look(folder: &Path, names: &[FileName], anchor: &Result<Option<Head>, Wrong>) -> Report {
    let mut follower = Follower::new(anchor.as_ref().ok().copied().flatten());
    let mut retired = None;
    let mut is_unfinished = false;
    for (place, name) in names.iter().enumerate() {
        let end = follower.read_file(folder, *name, |line| see(line, &mut retired));
        is_unfinished = end.unfinished_len > 0;
        if is_unfinished && place + 1 < names.len() {
            follower.add(*name, 0, Wrong::Unfinished);
        }
    }
    let whole = |wrong| Fault {
        file: names.last().map(|name| name.text()).unwrap_or_default(),
        line: 0,
        wrong,
    };
    if let Some(wrong) = follower.wrong_with_end(anchor) {
        follower.add_fault(whole(wrong));
    }
    check_beginning(&mut follower, names, retired);
    Report {
        files: names.len(),
        entries: follower.entries,
        retired_through: retired.map_or(0, |retired| retired.seq),
        head: follower.last,
        is_unfinished,
        faults: follower.faults,
        more_faults: follower.more_faults,
    }
}

fn see(line: &Line, retired: &mut Option<Head>) -> Option<Wrong> {
    if let Entry::Retired {
        through,
        through_hash,
    } = &line.entry
    {
        *retired = Some(Head {
            seq: *through,
            hash: *through_hash,
        });
    }
    found_before(line)
}

/// A chain begins with line 1, or after what a later line of it says was removed; a kill in
/// between leaves files that were to be removed.
fn check_beginning(follower: &mut Follower, names: &[FileName], retired: Option<Head>) {
    let Some(before) = follower.begins_after.filter(|before| before.seq > 0) else {
        return;
    };
    let was_retired = retired.is_some_and(|retired| before.seq < retired.seq || before == retired);
    if !was_retired {
        follower.add_fault(Fault {
            file: names.first().map(|name| name.text()).unwrap_or_default(),
            line: 1,
            wrong: Wrong::BeginningMissing {
                through: before.seq,
            },
        });
    }
}
