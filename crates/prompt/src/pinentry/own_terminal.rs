//! The terminal that a pinentry may have, and the word by which it is asked to end.

use std::fs::File;

use rustix::process::{Pid, Signal, getpgrp, kill_process};
use rustix::termios::{
    OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr,
};

/// The terminal of this process, by the name that every process has for its own.
pub(super) const TERMINAL: &str = "/dev/tty";

/// So that it may clear its terminal.
pub(super) fn ask_to_end(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // One that has ended needs no end.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// The terminal of this process, and how it was before a pinentry hid there what is typed: one that
/// is ended does not always show it again.
#[derive(Debug)]
pub(super) struct OwnTerminal {
    terminal: File,
    settings: Termios,
}

impl OwnTerminal {
    pub(super) fn open() -> Option<Self> {
        let terminal = File::options().read(true).write(true).open(TERMINAL).ok()?;
        let settings = tcgetattr(&terminal).ok()?;
        Some(Self { terminal, settings })
    }
}

impl Drop for OwnTerminal {
    /// Digits of an entry that was ended must not be left for a shell. A process in the background
    /// would be stopped by it, and has no say there.
    fn drop(&mut self) {
        if tcgetpgrp(&self.terminal) == Ok(getpgrp()) {
            // A terminal that was closed needs no settings. This does not wait until it has shown all,
            // which one that is held (Ctrl-S) never has.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.settings);
            let _ = tcflush(&self.terminal, QueueSelector::IFlush);
        }
    }
}
