//! Showing the last entries first.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use crate::chain::{Head, Line};
use crate::entry::Entry;
use crate::files::list;
use crate::following::{Follower, Wrong};
use crate::verify::found_before;

/// Which entries, and how many.
#[derive(Debug)]
pub struct Query<F> {
    /// Only entries before this sequence number: the last one of the page before.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
    /// Which of them.
    pub keep: F,
}

/// The newest entries in `folder` that are asked for, newest first. Lines that are unsound are
/// passed over: [`verify`](crate::verify()) tells about them.
///
/// # Errors
/// When the folder cannot be listed.
pub fn newest(folder: &Path, query: &Query<impl Fn(&Entry) -> bool>) -> io::Result<Vec<Line>> {
    let mut found = Vec::new();
    for name in list(folder)?.into_iter().rev() {
        let wanted = query.limit - found.len();
        if wanted == 0 {
            break;
        }
        if query.before.is_some_and(|before| name.0 >= before) {
            continue;
        }
        let mut last = Last::of(wanted);
        Follower::new(None).read_file(folder, name, |line| {
            let is_before = query.before.is_none_or(|before| line.seq < before);
            if is_before && (query.keep)(&line.entry) {
                last.push(line);
            }
            None
        });
        found.extend(last.newest_first());
    }
    Ok(found)
}

/// The newest `limit` entries, newest first, and whether nothing is wrong with the files that were read for them:
/// each in itself, with the next one, and with the anchor, as far back as that reaches.
///
/// # Errors
/// When the folder cannot be listed.
pub(crate) fn newest_judged(
    folder: &Path,
    limit: usize,
    anchor: &Result<Option<Head>, Wrong>,
) -> io::Result<(Vec<Line>, bool)> {
    let known = anchor.as_ref().ok().copied().flatten();
    let (mut found, mut is_sound) = (Vec::new(), true);
    // What the oldest line that was read follows.
    let mut begin: Option<Head> = None;
    for name in list(folder)?.into_iter().rev() {
        let reaches_anchor = |begin: Head| known.is_none_or(|known| begin.seq < known.seq);
        if found.len() == limit && begin.is_some_and(reaches_anchor) {
            break;
        }
        let mut last = Last::of(limit - found.len());
        let mut follower = Follower::new(known);
        let end = follower.read_file(folder, name, |line| {
            last.push(line);
            found_before(line)
        });
        found.extend(last.newest_first());
        let has_begun = follower.last.is_some() || !follower.faults.is_empty();
        is_sound &= follower.faults.is_empty();
        is_sound &= match begin {
            // A kill may leave the newest file without a line.
            None => !has_begun || follower.wrong_with_end(anchor).is_none(),
            Some(begin) => follower.last == Some(begin) && end.unfinished_len == 0,
        };
        begin = follower.begins_after.or(begin);
    }
    let is_anchored = known.is_none_or(|known| match begin {
        Some(begin) => known == begin || known.seq > begin.seq,
        None => known.seq == 0,
    });
    Ok((found, is_sound && anchor.is_ok() && is_anchored))
}

/// The last lines of a file.
struct Last {
    limit: usize,
    lines: VecDeque<Line>,
}

impl Last {
    const fn of(limit: usize) -> Self {
        let lines = VecDeque::new();
        Self { limit, lines }
    }

    fn push(&mut self, line: &Line) {
        self.lines.push_back(line.clone());
        if self.lines.len() > self.limit {
            self.lines.pop_front();
        }
    }

    fn newest_first(self) -> impl Iterator<Item = Line> {
        self.lines.into_iter().rev()
    }
}
