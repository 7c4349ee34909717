//! Following a chain from line to line, and what can be wrong with it.

use std::io::BufReader;
use std::path::Path;

use serde::Serialize;

use crate::chain::{Head, Line, LineHash};
use crate::files::FileName;
use crate::lines::{Lines, Step};

/// Something wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Name of the file; empty where it is about the journal as a whole.
    pub file: String,
    /// Line in it, from 1; 0 for the file as a whole.
    pub line: u64,
    /// What is wrong.
    #[serde(flatten)]
    pub wrong: Wrong,
}

/// What is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(
    tag = "code",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Wrong {
    /// The file cannot be read, or others can write it.
    Unreadable {
        /// What the system said.
        because: String,
    },
    /// A line has no form of ours.
    NotAnEntry,
    /// A line was changed: its hash is not its own.
    Changed,
    /// Lines before this one are missing.
    Missing {
        /// Sequence number of the first one.
        from: u64,
        /// And of the last one.
        to: u64,
    },
    /// A line stands again, or after a later one.
    OutOfOrder {
        /// Its sequence number.
        seq: u64,
    },
    /// A line follows another one than the one before it.
    BrokenLink,
    /// The last line of a file is cut, and another file follows.
    Unfinished,
    /// A file has the name of another one.
    Misnamed,
    /// The oldest entries are missing, and no limit said that they should.
    BeginningMissing {
        /// Sequence number of the last one.
        through: u64,
    },
    /// The anchor knows of later entries: the tail was cut.
    TailMissing {
        /// Sequence number that the anchor has.
        anchored: u64,
    },
    /// The anchor knows this entry with another hash: the chain was made anew.
    Rewritten,
    /// There are entries and no anchor.
    AnchorMissing,
    /// The anchor cannot be read.
    AnchorUnreadable {
        /// Why.
        because: String,
    },
    /// The agent found damage when it started, and said so in this line.
    FoundBefore {
        /// Stable name of what was wrong.
        what: String,
    },
}

impl Wrong {
    /// Stable name, for programs and for the journal itself.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::NotAnEntry => "not-an-entry",
            Self::Changed => "changed",
            Self::Missing { .. } => "missing",
            Self::OutOfOrder { .. } => "out-of-order",
            Self::BrokenLink => "broken-link",
            Self::Unfinished => "unfinished",
            Self::Misnamed => "misnamed",
            Self::BeginningMissing { .. } => "beginning-missing",
            Self::TailMissing { .. } => "tail-missing",
            Self::Rewritten => "rewritten",
            Self::AnchorMissing => "anchor-missing",
            Self::AnchorUnreadable { .. } => "anchor-unreadable",
            Self::FoundBefore { .. } => "found-before",
        }
    }
}

/// What reading one file came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FileEnd {
    /// Bytes of its whole lines.
    pub(crate) complete_len: u64,
    /// Bytes of a line without its end that follow them.
    pub(crate) unfinished_len: u64,
}

/// Reads files in their order and compares each line with what must come there.
#[derive(Debug)]
pub(crate) struct Follower {
    anchor: Option<Head>,
    /// The last line that had its form and its own hash.
    pub(crate) last: Option<Head>,
    /// Lines after it that had not: each stands for an entry, or was put in.
    doubtful: u64,
    /// Where the chain begins, as far as it is here: what its first line follows.
    pub(crate) begins_after: Option<Head>,
    pub(crate) entries: u64,
    pub(crate) faults: Vec<Fault>,
    /// Faults that are not in the list.
    pub(crate) more_faults: u64,
}

/// Whoever has to repair a journal begins with the first ones; a hostile one has no end of them.
const MOST_FAULTS: usize = 100;

impl Follower {
    pub(crate) const fn new(anchor: Option<Head>) -> Self {
        Self {
            anchor,
            last: None,
            doubtful: 0,
            begins_after: None,
            entries: 0,
            faults: Vec::new(),
            more_faults: 0,
        }
    }

    /// Follows the chain through a file; `see` is shown each sound line and may find fault with it.
    pub(crate) fn read_file(
        &mut self,
        folder: &Path,
        name: FileName,
        mut see: impl FnMut(&Line) -> Option<Wrong>,
    ) -> FileEnd {
        let mut end = FileEnd::default();
        let file = match name.open(folder) {
            Ok(file) => file,
            Err(error) => {
                let because = error.to_string();
                self.add(name, 0, Wrong::Unreadable { because });
                return end;
            }
        };
        let mut lines = Lines::new(BufReader::new(file));
        loop {
            let step = lines.step().map(|step| match step {
                Step::Line(bytes) => Some(
                    Line::parse(bytes)
                        .map_err(|_| Wrong::NotAnEntry)
                        .and_then(|line| {
                            line.is_unchanged(bytes)
                                .then_some(line)
                                .ok_or(Wrong::Changed)
                        }),
                ),
                Step::TooLong => Some(Err(Wrong::NotAnEntry)),
                Step::Unfinished(len) => {
                    end.unfinished_len = len;
                    None
                }
                Step::End => None,
            });
            let number = lines.number;
            match step {
                Ok(Some(Ok(line))) => {
                    let file = (number == 1).then_some(name);
                    let wrong = self.follow(&line, file);
                    let seen = see(&line);
                    wrong
                        .or(seen)
                        .into_iter()
                        .for_each(|wrong| self.add(name, number, wrong));
                }
                Ok(Some(Err(wrong))) => {
                    self.doubtful += 1;
                    self.add(name, number, wrong);
                }
                Ok(None) => break,
                Err(error) => {
                    let because = error.to_string();
                    self.add(name, number, Wrong::Unreadable { because });
                    break;
                }
            }
        }
        end.complete_len = lines.complete_len;
        end
    }

    /// Takes a line as the next one and says what is wrong with that.
    fn follow(&mut self, line: &Line, first_of: Option<FileName>) -> Option<Wrong> {
        self.entries += 1;
        let wrong = self.compare(line).or_else(|| {
            first_of
                .is_some_and(|name| name.0 != line.seq)
                .then_some(Wrong::Misnamed)
        });
        // A line that stands again must not make those after it look wrong.
        if self.last.is_none_or(|last| line.seq > last.seq) {
            self.last = Some(line.head());
            self.doubtful = 0;
        }
        wrong
    }

    fn compare(&mut self, line: &Line) -> Option<Wrong> {
        if self
            .anchor
            .is_some_and(|anchor| anchor.seq == line.seq && anchor.hash != line.hash)
        {
            return Some(Wrong::Rewritten);
        }
        let Some(last) = self.last else {
            return self.begin(line);
        };
        let next = last.seq.saturating_add(1);
        if line.seq < next {
            Some(Wrong::OutOfOrder { seq: line.seq })
        } else if line.seq == next {
            (line.previous != last.hash).then_some(Wrong::BrokenLink)
        } else {
            let from = next.saturating_add(self.doubtful);
            let to = line.seq - 1;
            (line.seq > from).then_some(Wrong::Missing { from, to })
        }
    }

    fn begin(&mut self, line: &Line) -> Option<Wrong> {
        let before = line.seq.saturating_sub(1).saturating_sub(self.doubtful);
        self.begins_after = Some(Head {
            seq: before,
            hash: line.previous,
        });
        let is_the_first = line.seq <= 1;
        (is_the_first && line.previous != LineHash::NONE).then_some(Wrong::BrokenLink)
    }

    /// The last sequence number that may have been here.
    pub(crate) fn last_seq(&self) -> u64 {
        let last = self.last.map_or(0, |last| last.seq);
        last.saturating_add(self.doubtful)
    }

    /// What the anchor says of the end that was reached.
    pub(crate) fn wrong_with_end(&self, anchor: &Result<Option<Head>, Wrong>) -> Option<Wrong> {
        let last = self.last_seq();
        match anchor {
            Err(wrong) => Some(wrong.clone()),
            Ok(None) => (last > 0).then_some(Wrong::AnchorMissing),
            Ok(Some(Head { seq: anchored, .. })) => {
                let anchored = *anchored;
                (anchored > last).then_some(Wrong::TailMissing { anchored })
            }
        }
    }

    pub(crate) fn add(&mut self, file: FileName, line: u64, wrong: Wrong) {
        self.add_fault(Fault {
            file: file.text(),
            line,
            wrong,
        });
    }

    pub(crate) fn add_fault(&mut self, fault: Fault) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        } else {
            self.more_faults += 1;
        }
    }
}
