//! What a writer finds when it opens a journal, and how it goes on from there.

use std::io;
use std::path::Path;

use crate::anchor::AnchorStore;
use crate::chain::Head;
use crate::entry::{Entry, Name};
use crate::files::{FileName, list};
use crate::following::{Fault, FileEnd, Follower, Wrong};

/// Where the next line goes.
#[derive(Debug)]
pub(crate) struct Opening {
    /// What it follows.
    pub(crate) head: Head,
    /// The file that it goes to, and the length of its whole lines; `None` for a new file.
    pub(crate) current: Option<(FileName, u64)>,
    /// What the journal must tell of its own state before anything else.
    pub(crate) notices: Vec<Entry>,
}

/// Looks at the end of the journal. What is older is the business of [`verify`](crate::verify()).
///
/// # Errors
/// When the folder cannot be listed.
pub(crate) fn look(folder: &Path, anchor: &dyn AnchorStore) -> io::Result<Opening> {
    let names = list(folder)?;
    let anchored = anchor.read();
    let known = anchored.as_ref().ok().copied().flatten();
    let (follower, end) = follow_newest(folder, &names, known);
    let last = follower.last.unwrap_or(Head::NONE);
    let wrong_with_anchor = match &anchored {
        Err(error) => Some(Wrong::AnchorUnreadable {
            because: error.to_string(),
        }),
        Ok(None) => (!names.is_empty()).then_some(Wrong::AnchorMissing),
        Ok(Some(anchor)) => (anchor.seq > last.seq).then_some(Wrong::TailMissing {
            anchored: anchor.seq,
        }),
    };
    let newest = names.last();
    let whole = |wrong| Fault {
        file: newest.map(|name| name.text()).unwrap_or_default(),
        line: 0,
        wrong,
    };
    let mut faults = follower.faults.iter().cloned();
    Ok(match faults.next().or(wrong_with_anchor.map(whole)) {
        Some(fault) => go_on_after(&fault, known, &follower, newest.copied()),
        None => Opening {
            head: last,
            current: newest.map(|name| (*name, end.complete_len)),
            notices: recovered(end).into_iter().collect(),
        },
    })
}

/// Follows the newest file, and the one before it where a kill left the newest one without a line.
fn follow_newest(folder: &Path, names: &[FileName], anchor: Option<Head>) -> (Follower, FileEnd) {
    let mut follower = Follower::new(anchor);
    let Some((newest, older)) = names.split_last() else {
        return (follower, FileEnd::default());
    };
    let end = follower.read_file(folder, *newest, |_| None);
    if follower.last.is_some() || !follower.faults.is_empty() {
        return (follower, end);
    }
    if let Some(before) = older.last() {
        let before_end = follower.read_file(folder, *before, |_| None);
        if before_end.unfinished_len > 0 {
            follower.add(*before, 0, Wrong::Unfinished);
        }
    }
    if newest.0 != follower.last_seq().saturating_add(1) {
        follower.add(*newest, 0, Wrong::Misnamed);
    }
    (follower, end)
}

/// A new file goes on after whatever was there, so that a gap stays for everyone to see.
fn go_on_after(
    fault: &Fault,
    anchor: Option<Head>,
    follower: &Follower,
    newest: Option<FileName>,
) -> Opening {
    let last = follower.last.unwrap_or(Head::NONE);
    let anchor = anchor.unwrap_or(Head::NONE);
    let known = if anchor.seq > last.seq { anchor } else { last };
    let taken = newest.map_or(0, |name| name.0).max(follower.last_seq());
    let damaged = Entry::Damaged {
        file: Name::of(&fault.file),
        line: fault.line,
        what: fault.wrong.code().to_owned(),
    };
    Opening {
        head: Head {
            seq: known.seq.max(taken),
            hash: known.hash,
        },
        current: None,
        notices: vec![damaged],
    }
}

fn recovered(end: FileEnd) -> Option<Entry> {
    (end.unfinished_len > 0).then_some(Entry::Recovered {
        dropped_bytes: end.unfinished_len,
    })
}
