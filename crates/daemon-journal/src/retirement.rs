//! Old files that the limits no longer keep.

use std::fs;
use std::path::Path;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::chain::{Head, Line};
use crate::files::{FileName, Limits, list};
use crate::following::Follower;

/// Files that are to be removed, and where their part of the chain ends.
#[derive(Debug)]
pub(crate) struct Retirement {
    files: Vec<FileName>,
    pub(crate) last: Head,
}

/// The oldest files that are too many or too old, now that another one begins.
///
/// A file that cannot be followed is not removed: it may be what somebody looks for.
pub(crate) fn due(folder: &Path, limits: Limits, now: OffsetDateTime) -> Option<Retirement> {
    let names = list(folder).ok()?;
    let mut retirement: Option<Retirement> = None;
    let mut kept = names.len() + 1;
    for name in names {
        let mut newest = None;
        let mut follower = Follower::new(None);
        follower.read_file(folder, name, |line| {
            newest = Some(line.clone());
            None
        });
        let Some(newest) = newest.filter(|_| follower.faults.is_empty()) else {
            break;
        };
        if kept <= limits.maximum_files.max(1) && !is_older(&newest, limits, now) {
            break;
        }
        kept -= 1;
        let retired = retirement.get_or_insert_with(|| Retirement {
            files: Vec::new(),
            last: Head::NONE,
        });
        retired.files.push(name);
        retired.last = newest.head();
    }
    retirement
}

fn is_older(line: &Line, limits: Limits, now: OffsetDateTime) -> bool {
    OffsetDateTime::parse(&line.time, &Rfc3339).is_ok_and(|time| now - time > limits.maximum_age)
}

impl Retirement {
    /// Removes the files, oldest first; what cannot be removed is due again next time.
    pub(crate) fn remove(&self, folder: &Path) {
        for name in &self.files {
            if let Err(error) = fs::remove_file(name.in_folder(folder)) {
                tracing::warn!(
                    event = "journal-not-retired",
                    ?error,
                    "an old file of the journal stays"
                );
                return;
            }
        }
    }
}
