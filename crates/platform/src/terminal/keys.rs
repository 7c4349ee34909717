//! A terminal that gives single keys without showing them, for as long as one question lasts.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp,
    tcsetattr,
};
use zeroize::Zeroizing;

use super::{CancelPipe, TerminalError};

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const ESCAPE: u8 = 0x1B;
const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7F;

/// A key that the holder pressed.
#[derive(Clone, Copy)]
pub(super) enum Key {
    /// One byte of text.
    Character(u8),
    /// Backspace.
    Erase,
    /// Enter.
    Enter,
}

/// Single keys, without echo. The terminal's own settings return when this is dropped.
pub(super) struct Keyboard<'a> {
    tty: &'a OwnedFd,
    settings: Termios,
    deadline: Instant,
    cancel: &'a CancelPipe,
}

impl<'a> Keyboard<'a> {
    /// Turns echo, lines and signal keys off, and throws away what was typed before the question.
    pub(super) fn begin(
        tty: &'a OwnedFd,
        deadline: Instant,
        cancel: &'a CancelPipe,
    ) -> Result<Self, TerminalError> {
        require_foreground(tty)?;
        let settings = tcgetattr(tty).map_err(failed("read the settings of"))?;
        tcsetattr(tty, OptionalActions::Flush, &single_keys(&settings))
            .map_err(failed("turn off the echo of"))?;
        Ok(Self {
            tty,
            settings,
            deadline,
            cancel,
        })
    }

    /// Waits for the next key.
    pub(super) fn next_key(&mut self) -> Result<Key, TerminalError> {
        self.key_before(self.deadline)
    }

    /// Waits for the next key until an earlier deadline.
    pub(super) fn key_before(&mut self, deadline: Instant) -> Result<Key, TerminalError> {
        let mut byte = Zeroizing::new([0_u8; 1]);
        loop {
            wait_for(PollFlags::IN, self.tty, deadline, self.cancel)?;
            match rustix::io::read(self.tty, byte.as_mut_slice()) {
                Ok(0) | Err(Errno::IO) => return Err(TerminalError::Closed),
                Ok(_) => break,
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(errno) => return Err(failed("read from")(errno)),
            }
        }
        let [byte] = *byte;
        match byte {
            CTRL_C | CTRL_D | ESCAPE => Err(TerminalError::Cancelled),
            b'\r' | b'\n' => Ok(Key::Enter),
            BACKSPACE | DELETE => Ok(Key::Erase),
            character => Ok(Key::Character(character)),
        }
    }

    /// Shows text that may come from anybody.
    pub(super) fn show(&mut self, text: &str) -> Result<(), TerminalError> {
        show(self.tty, text, self.deadline, self.cancel)
    }

    /// Sends one of this module's own control sequences.
    pub(super) fn control(&mut self, sequence: &'static str) -> Result<(), TerminalError> {
        write(self.tty, sequence, self.deadline, self.cancel)
    }

    /// Ends the line on which the holder typed, also after the deadline or a cancel; not at all
    /// where the terminal takes nothing at that moment.
    pub(super) fn end_line(&mut self) {
        let now = Instant::now();
        let (on_tty, _) = poll_both(PollFlags::OUT, self.tty.as_fd(), now, self.cancel)
            .unwrap_or((PollFlags::empty(), PollFlags::empty()));
        if on_tty.contains(PollFlags::OUT) {
            let _ = rustix::io::write(self.tty, b"\n");
        }
    }
}

impl Drop for Keyboard<'_> {
    fn drop(&mut self) {
        // Fails only for a terminal that is gone, which then has no settings to restore.
        let _ = tcsetattr(self.tty, OptionalActions::Flush, &self.settings);
    }
}

/// Shows text without the characters by which it could command the terminal or change the order
/// in which it is read.
pub(super) fn show(
    tty: &OwnedFd,
    text: &str,
    deadline: Instant,
    cancel: &CancelPipe,
) -> Result<(), TerminalError> {
    write(tty, &harmless(text), deadline, cancel)
}

fn write(
    tty: &OwnedFd,
    text: &str,
    deadline: Instant,
    cancel: &CancelPipe,
) -> Result<(), TerminalError> {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        wait_for(PollFlags::OUT, tty, deadline, cancel)?;
        match rustix::io::write(tty, rest) {
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(Errno::IO) => return Err(TerminalError::Closed),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(failed("write to")(errno)),
        }
    }
    Ok(())
}

/// Blocks until the terminal is ready, the deadline passes, or the wait is cancelled.
fn wait_for(
    ready: PollFlags,
    tty: &OwnedFd,
    deadline: Instant,
    cancel: &CancelPipe,
) -> Result<(), TerminalError> {
    loop {
        let (on_tty, on_cancel) = poll_both(ready, tty.as_fd(), deadline, cancel)?;
        if !on_cancel.is_empty() {
            return Err(TerminalError::Cancelled);
        }
        if Instant::now() >= deadline {
            return Err(TerminalError::TimedOut);
        }
        if on_tty.intersects(PollFlags::NVAL) {
            return Err(TerminalError::Closed);
        }
        if !on_tty.is_empty() {
            return Ok(());
        }
    }
}

fn poll_both(
    ready: PollFlags,
    tty: BorrowedFd<'_>,
    deadline: Instant,
    cancel: &CancelPipe,
) -> Result<(PollFlags, PollFlags), TerminalError> {
    let on_tty = PollFd::from_borrowed_fd(tty, ready);
    let on_cancel = PollFd::from_borrowed_fd(cancel.as_fd(), PollFlags::IN);
    let mut both = [on_tty, on_cancel];
    let left = deadline.saturating_duration_since(Instant::now());
    // Longer than a Timespec holds is as good as for ever.
    let timeout = Timespec::try_from(left).ok();
    match poll(&mut both, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(errno) => return Err(failed("wait for")(errno)),
    }
    let [on_tty, on_cancel] = both;
    Ok((on_tty.revents(), on_cancel.revents()))
}

/// A process in the background would be stopped by the system (SIGTTOU) as soon as it changed
/// the settings. A terminal that does not control this process stops nobody.
pub(super) fn require_foreground(tty: &OwnedFd) -> Result<(), TerminalError> {
    match tcgetpgrp(tty) {
        Ok(group) if group != rustix::process::getpgrp() => Err(TerminalError::Background),
        _ => Ok(()),
    }
}

fn single_keys(settings: &Termios) -> Termios {
    let mut changed = settings.clone();
    changed.local_modes -= LocalModes::ECHO
        | LocalModes::ECHONL
        | LocalModes::ICANON
        | LocalModes::IEXTEN
        | LocalModes::ISIG;
    changed.input_modes -= InputModes::ISTRIP;
    changed.special_codes[SpecialCodeIndex::VMIN] = 1;
    changed.special_codes[SpecialCodeIndex::VTIME] = 0;
    changed
}

fn harmless(text: &str) -> String {
    let commands = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(
                character,
                '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            )
    };
    text.replace(commands, "\u{FFFD}")
}

fn failed(step: &'static str) -> impl FnOnce(Errno) -> TerminalError {
    move |source| TerminalError::Io { step, source }
}
