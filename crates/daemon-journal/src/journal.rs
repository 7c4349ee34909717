//! The writer: one for each journal, and nothing acknowledged before it is on the disk.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use platform::instance::{InstanceError, InstanceLock};
use platform::private_files::{
    PrivateFileError, ensure_private_folder, open_private_for_writing, sync_folder, write_all_at,
};
use time::OffsetDateTime;

use crate::anchor::AnchorStore;
use crate::chain::{Head, Line, NotALine, seal};
use crate::entry::{Entry, OutcomeResult};
use crate::files::{FileName, Limits};
use crate::newest::newest_judged;
use crate::opening::{Opening, look};
use crate::retirement;
use crate::verify::read;

/// Why the journal took no entry. What it should tell must not be done, then.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process writes this journal.
    #[error("the journal is written by another process")]
    InUse(#[source] InstanceError),
    /// The folder or a file is not as private as it must be, or the system refuses it.
    #[error("cannot use the journal")]
    File(#[from] PrivateFileError),
    /// The folder cannot be listed.
    #[error("cannot list {}", path.display())]
    List {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The disk is full, or a quota or limit is reached: make room, and the journal goes on.
    #[error("there is no space for the journal {}", path.display())]
    NoSpace {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system refused to write.
    #[error("cannot write the journal {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file that is not of this writer stands where the next one should begin.
    #[error("{} is in the way of the journal: move it away", path.display())]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
    /// The entry has no form as a line: it is longer than any should be.
    #[error("the entry does not fit into a line of the journal")]
    NoLine(#[from] NotALine),
}

/// The open journal of one agent.
///
/// It may be shared by threads; each call blocks while bytes go to the disk.
#[derive(Debug)]
pub struct Journal(Mutex<Writer>);

impl Journal {
    /// Opens the journal in `folder`, which is made when it is missing, and mends its end after
    /// a kill. A journal that was damaged is continued in a new file, and says so.
    ///
    /// # Errors
    /// [`JournalError`]: `InUse` for the second writer, or when the folder cannot be used. A disk
    /// that is full is no error here, but at the first entry.
    pub fn open(
        folder: &Path,
        anchor: Box<dyn AnchorStore>,
        limits: Limits,
        now: OffsetDateTime,
    ) -> Result<Self, JournalError> {
        ensure_private_folder(folder)?;
        let lock = InstanceLock::acquire(&folder.join("lock")).map_err(in_use)?;
        let opening = look(folder, anchor.as_ref()).map_err(|source| JournalError::List {
            path: folder.into(),
            source,
        })?;
        Ok(Self(Mutex::new(Writer::new(
            folder, lock, anchor, limits, opening, now,
        )?)))
    }

    /// The last entries, newest first, and whether nothing is wrong with the files that hold them, nor with what the
    /// anchor says of their end.
    ///
    /// # Errors
    /// When its folder cannot be listed.
    pub fn newest(&self, limit: usize) -> io::Result<(Vec<Line>, bool)> {
        let (folder, anchored) = {
            let writer = self.writer();
            (writer.folder.clone(), read(writer.anchor.as_ref()))
        };
        newest_judged(&folder, limit, &anchored)
    }

    /// Writes an entry and returns its sequence number once it is on the disk.
    ///
    /// # Errors
    /// [`JournalError`]; the entry is then not in the journal, and the next one may well be.
    pub fn append(&self, time: OffsetDateTime, entry: Entry) -> Result<u64, JournalError> {
        let mut writer = self.writer();
        writer.write_waiting()?;
        writer.begin_file_if_full(time)?;
        let seq = writer.write(time, entry)?;
        writer.sync()?;
        Ok(seq)
    }

    /// Writes how an intent ended. It is with the system when this returns, so that it survives
    /// the end of the agent, and on the disk with the next [`append`](Self::append) or
    /// [`sync`](Self::sync). When it cannot be written, it is the first to be written once the
    /// journal takes entries again: what was done is known by its intent, and cannot be undone.
    pub fn outcome(&self, time: OffsetDateTime, of: u64, result: OutcomeResult) {
        let mut writer = self.writer();
        writer
            .waiting
            .push_back((time, Entry::Outcome { of, result }));
        if let Err(error) = writer.write_waiting() {
            tracing::warn!(
                event = "outcome-waits",
                ?error,
                "an outcome waits until the journal takes entries again"
            );
        }
    }

    /// Brings to the disk what [`outcome`](Self::outcome) wrote.
    ///
    /// # Errors
    /// [`JournalError`]; outcomes wait for the next entry then.
    pub fn sync(&self) -> Result<(), JournalError> {
        let mut writer = self.writer();
        writer.write_waiting()?;
        writer.sync()
    }

    /// Has the files brought to the disk in another way.
    #[cfg(test)]
    pub(crate) fn replace_sync(&self, sync_file: fn(&File) -> io::Result<()>) {
        self.writer().sync_file = sync_file;
    }

    /// A panic in another thread leaves the writer at what it knew to be written.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state behind the lock.
#[derive(Debug)]
struct Writer {
    folder: PathBuf,
    anchor: Box<dyn AnchorStore>,
    limits: Limits,
    /// The file that lines go to; `None` until the next one begins it.
    current: Option<Current>,
    /// The last line that was written.
    written: Head,
    /// The last line that is on the disk.
    durable: Head,
    /// Entries that must be written before any other, the oldest first. The first
    /// `written_waiting` are written and not on the disk yet.
    waiting: VecDeque<(OffsetDateTime, Entry)>,
    written_waiting: usize,
    sync_file: fn(&File) -> io::Result<()>,
    _lock: InstanceLock,
}

/// The file that lines go to.
#[derive(Debug)]
struct Current {
    file: File,
    path: PathBuf,
    /// Bytes of lines that are on the disk.
    durable_len: u64,
    /// Bytes of lines that are written.
    written_len: u64,
    /// There may be bytes after those, of a line that failed.
    has_remains: bool,
    /// Its name is not on the disk yet.
    is_new: bool,
}

impl Writer {
    fn new(
        folder: &Path,
        lock: InstanceLock,
        mut anchor: Box<dyn AnchorStore>,
        limits: Limits,
        opening: Opening,
        now: OffsetDateTime,
    ) -> Result<Self, JournalError> {
        if opening.head == Head::NONE && opening.current.is_none() {
            // A journal without an anchor is one whose anchor was taken away, from its first line on.
            write_anchor(anchor.as_mut(), Head::NONE);
        }
        let current = match opening.current {
            Some((name, len)) => Some(Current::open(folder, name, len)?),
            None => None,
        };
        let notices = opening.notices.into_iter();
        Ok(Self {
            folder: folder.into(),
            anchor,
            limits,
            current,
            written: opening.head,
            durable: opening.head,
            waiting: notices.map(|notice| (now, notice)).collect(),
            written_waiting: 0,
            sync_file: File::sync_data,
            _lock: lock,
        })
    }

    /// Writes what waits, in its order.
    fn write_waiting(&mut self) -> Result<(), JournalError> {
        while let Some((time, entry)) = self.waiting.get(self.written_waiting).cloned() {
            self.write(time, entry)?;
            self.written_waiting += 1;
        }
        Ok(())
    }

    /// Writes one line; it is with the system then, and not yet on the disk.
    fn write(&mut self, time: OffsetDateTime, entry: Entry) -> Result<u64, JournalError> {
        let (line, head) = seal(self.written, time, entry)?;
        let current = match &mut self.current {
            Some(current) => current,
            none => none.insert(Current::begin(&self.folder, FileName(head.seq))?),
        };
        current.write(&line)?;
        self.written = head;
        Ok(head.seq)
    }

    /// Brings to the disk what was written, then the head to the anchor: an anchor that is ahead
    /// of its chain would be a cut.
    fn sync(&mut self) -> Result<(), JournalError> {
        if self.durable == self.written {
            return Ok(());
        }
        let synced = match &mut self.current {
            Some(current) => current.sync(&self.folder, self.sync_file),
            None => Ok(()),
        };
        if let Err(error) = synced {
            self.written = self.durable;
            self.written_waiting = 0;
            return Err(error);
        }
        self.durable = self.written;
        self.waiting.drain(..self.written_waiting);
        self.written_waiting = 0;
        write_anchor(self.anchor.as_mut(), self.durable);
        Ok(())
    }

    /// Ends a file that is full; the next line begins another one. Then removes the oldest files.
    fn begin_file_if_full(&mut self, now: OffsetDateTime) -> Result<(), JournalError> {
        let Some(current) = &self.current else {
            return Ok(());
        };
        if current.written_len < self.limits.maximum_file_len {
            return Ok(());
        }
        self.sync()?;
        self.current = None;
        self.retire(now)
    }

    /// Says in the chain what is removed, and removes it only when that is on the disk.
    fn retire(&mut self, now: OffsetDateTime) -> Result<(), JournalError> {
        let Some(old) = retirement::due(&self.folder, self.limits, now) else {
            return Ok(());
        };
        self.write(
            now,
            Entry::Retired {
                through: old.last.seq,
                through_hash: old.last.hash,
            },
        )?;
        self.sync()?;
        old.remove(&self.folder);
        Ok(())
    }
}

/// A full disk, a user's quota, a process's own limit.
const NO_SPACE: [ErrorKind; 3] = [
    ErrorKind::StorageFull,
    ErrorKind::QuotaExceeded,
    ErrorKind::FileTooLarge,
];

impl Current {
    /// The file `name`, whose whole lines have `len` bytes; what follows them was never finished.
    fn open(folder: &Path, name: FileName, len: u64) -> Result<Self, JournalError> {
        let path = name.in_folder(folder);
        Ok(Self {
            file: open_private_for_writing(&path)?,
            path,
            durable_len: len,
            written_len: len,
            has_remains: true,
            is_new: true,
        })
    }

    /// A new file. One that is there already may be ours from a try that failed, if it is empty.
    fn begin(folder: &Path, name: FileName) -> Result<Self, JournalError> {
        let current = Self::open(folder, name, 0)?;
        match current.file.metadata() {
            Ok(metadata) if metadata.len() == 0 => Ok(current),
            Ok(_) => Err(JournalError::InTheWay { path: current.path }),
            Err(source) => Err(current.failed(source)),
        }
    }

    /// Puts a line after the last one. Part of it may be there when it fails.
    fn write(&mut self, line: &[u8]) -> Result<(), JournalError> {
        if self.has_remains {
            self.file
                .set_len(self.written_len)
                .map_err(|source| self.failed(source))?;
        }
        self.has_remains = true;
        write_all_at(&self.file, line, self.written_len).map_err(|source| self.failed(source))?;
        self.has_remains = false;
        self.written_len += u64::try_from(line.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// A system that could not bring bytes to the disk may have thrown them away, whatever it says
    /// the next time: they count as not written.
    fn sync(
        &mut self,
        folder: &Path,
        sync_file: fn(&File) -> io::Result<()>,
    ) -> Result<(), JournalError> {
        let synced = sync_file(&self.file).map_err(|source| self.failed(source));
        let synced = synced.and_then(|()| match self.is_new {
            true => sync_folder(folder).map_err(JournalError::from),
            false => Ok(()),
        });
        if synced.is_err() {
            self.written_len = self.durable_len;
            self.has_remains = true;
            return synced;
        }
        self.durable_len = self.written_len;
        self.is_new = false;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> JournalError {
        let path = self.path.clone();
        if NO_SPACE.contains(&source.kind()) {
            JournalError::NoSpace { path, source }
        } else {
            JournalError::Write { path, source }
        }
    }
}

fn in_use(error: InstanceError) -> JournalError {
    match error {
        InstanceError::LockFile(error) => error.into(),
        InstanceError::AlreadyRunning { .. } => JournalError::InUse(error),
    }
}

/// An anchor that lags is sound, so a line is not refused for it.
fn write_anchor(anchor: &mut dyn AnchorStore, head: Head) {
    if let Err(error) = anchor.write(head) {
        tracing::warn!(
            event = "anchor-lags",
            ?error,
            "the journal's anchor lags behind"
        );
    }
}
