//! Ends a wait at the terminal from another thread.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};

/// The waiting side: looked at together with the terminal.
#[derive(Debug)]
pub struct CancelPipe {
    reader: PipeReader,
}

/// The cancelling side. Dropping it cancels, so that a prompt never outlives whoever asked for it.
#[derive(Debug)]
pub struct Canceller {
    _writer: PipeWriter,
}

impl CancelPipe {
    /// Makes both sides.
    ///
    /// # Errors
    /// What the system says when it gives no pipe.
    pub fn new() -> io::Result<(Self, Canceller)> {
        let (reader, writer) = io::pipe()?;
        Ok((Self { reader }, Canceller { _writer: writer }))
    }
}

impl AsFd for CancelPipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

impl Canceller {
    /// Cancels, now and for every later wait with the same pipe.
    pub fn cancel(self) {
        drop(self);
    }
}
