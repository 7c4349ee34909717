//! Showing the last entries first.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use crate::chain::Line;
use crate::entry::Entry;
use crate::files::list;
use crate::following::Follower;

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
    Ok(newest_with_faults(folder, query)?.0)
}

/// The same, and how many faults there are in the files that were read for it.
///
/// # Errors
/// When the folder cannot be listed.
pub fn newest_with_faults(
    folder: &Path,
    query: &Query<impl Fn(&Entry) -> bool>,
) -> io::Result<(Vec<Line>, usize)> {
    let (mut found, mut faults) = (Vec::new(), 0);
    for name in list(folder)?.into_iter().rev() {
        let wanted = query.limit - found.len();
        if wanted == 0 {
            break;
        }
        if query.before.is_some_and(|before| name.0 >= before) {
            continue;
        }
        let mut of_file = VecDeque::new();
        let mut follower = Follower::new(None);
        follower.read_file(folder, name, |line| {
            let is_before = query.before.is_none_or(|before| line.seq < before);
            if is_before && (query.keep)(&line.entry) {
                of_file.push_back(line.clone());
                if of_file.len() > wanted {
                    of_file.pop_front();
                }
            }
            None
        });
        faults += follower.faults.len();
        found.extend(of_file.into_iter().rev());
    }
    Ok((found, faults))
}
