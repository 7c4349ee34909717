//! The holder's code and consent, asked at a console: not on this system yet, where no process has
//! a [`Terminal`]. The window asks.

use std::convert::Infallible;
use std::io::{self, PipeReader, PipeWriter};
use std::time::Instant;

use secrets::SecretBytes;

/// Why the terminal gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The holder refused, or the caller went away.
    #[error("cancelled")]
    Cancelled,
    /// The deadline passed.
    #[error("nobody answered in time")]
    TimedOut,
    /// The terminal was closed.
    #[error("the terminal was closed")]
    Closed,
    /// More digits were typed than the code can have; none of them is used.
    #[error("more than {maximum} digits were typed")]
    TooLong {
        /// Most digits allowed.
        maximum: usize,
    },
    /// This process runs in the terminal's background, where asking would stop it.
    #[error("this program is in the background of its terminal")]
    Background,
    /// The system refused one step.
    #[error("cannot {step} the terminal")]
    Io {
        /// What was being done.
        step: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A terminal at which the holder can be asked: there is none.
#[derive(Debug)]
pub enum Terminal {}

/// The settings of a terminal.
#[derive(Debug)]
pub enum KeptSettings {}

/// A terminal that shows nothing of what is typed between questions.
#[derive(Debug)]
pub enum QuietTerminal {}

/// The waiting side of a cancellation.
#[derive(Debug)]
pub struct CancelPipe {
    _reader: PipeReader,
}

/// The cancelling side.
#[derive(Debug)]
pub struct Canceller {
    _writer: PipeWriter,
}

/// None on this system.
#[must_use]
pub fn open_controlling_terminal() -> Option<Terminal> {
    None
}

/// None on this system.
#[must_use]
pub fn open_foreground_terminal() -> Option<Terminal> {
    None
}

impl CancelPipe {
    /// Makes both sides.
    ///
    /// # Errors
    /// What the system says when it gives no pipe.
    pub fn new() -> io::Result<(Self, Canceller)> {
        let (reader, writer) = io::pipe()?;
        Ok((Self { _reader: reader }, Canceller { _writer: writer }))
    }
}

impl Canceller {
    /// Cancels.
    pub fn cancel(self) {
        drop(self);
    }
}

impl QuietTerminal {
    /// Turns the echo off.
    pub fn silence(&self) {
        match *self {}
    }
}

impl Terminal {
    /// The same terminal once more.
    ///
    /// # Errors
    /// As there is none, none.
    pub fn try_clone(&self) -> io::Result<Self> {
        match *self {}
    }

    /// Remembers the settings.
    ///
    /// # Errors
    /// As there is no terminal, none.
    pub fn keep_settings(&self) -> io::Result<KeptSettings> {
        match *self {}
    }

    /// Turns the echo off for as long as the answer lives.
    #[must_use]
    pub fn keep_quiet(&self) -> Option<QuietTerminal> {
        match *self {}
    }

    /// Asks for a code.
    ///
    /// # Errors
    /// As there is no terminal, none.
    pub fn read_code(
        &mut self,
        _prompt: &str,
        _max_len: usize,
        _deadline: Instant,
        _cancel: &CancelPipe,
    ) -> Result<SecretBytes, TerminalError> {
        match *self {}
    }

    /// Asks a question that is answered by yes or no.
    ///
    /// # Errors
    /// As there is no terminal, none.
    pub fn confirm(
        &mut self,
        _question: &str,
        _deadline: Instant,
        _cancel: &CancelPipe,
    ) -> Result<bool, TerminalError> {
        match *self {}
    }

    /// Asks for a word.
    ///
    /// # Errors
    /// As there is no terminal, none.
    pub fn read_word(
        &mut self,
        _prompt: &str,
        _deadline: Instant,
        _cancel: &CancelPipe,
    ) -> Result<String, TerminalError> {
        match *self {}
    }

    /// Shows how long something lasts that happens elsewhere.
    ///
    /// # Errors
    /// As there is no terminal, none.
    pub fn count_down(
        &mut self,
        _line: impl Fn(u64) -> String,
        _deadline: Instant,
        _cancel: &CancelPipe,
    ) -> Result<Infallible, TerminalError> {
        match *self {}
    }

    /// Shows a line.
    ///
    /// # Errors
    /// As there is no terminal, none.
    pub fn tell(
        &mut self,
        _line: &str,
        _deadline: Instant,
        _cancel: &CancelPipe,
    ) -> Result<(), TerminalError> {
        match *self {}
    }
}
