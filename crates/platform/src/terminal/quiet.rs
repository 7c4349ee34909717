//! A terminal that shows nothing of what is typed between questions: a holder who types a code too
//! early, or when nobody asks, must not leave it on the screen.

use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Terminal;
use super::keys::require_foreground;

/// Keeps the echo of a terminal off. Its own settings return when this is dropped, and what was
/// typed meanwhile is thrown away. Lines and signal keys work as before.
#[derive(Debug)]
pub struct QuietTerminal {
    tty: OwnedFd,
    /// The settings to return to; `None` as long as the terminal was another program's to set.
    settings: Mutex<Option<Termios>>,
}

impl Terminal {
    /// Turns the echo off for as long as the answer lives; `None` when the terminal is gone.
    #[must_use]
    pub fn keep_quiet(&self) -> Option<QuietTerminal> {
        let quiet = QuietTerminal {
            tty: self.tty.try_clone().ok()?,
            settings: Mutex::new(None),
        };
        quiet.silence();
        Some(quiet)
    }
}

impl QuietTerminal {
    /// Turns the echo off, once more where a shell turned it on; nothing in the background, where
    /// the terminal is another program's.
    pub fn silence(&self) {
        if require_foreground(&self.tty).is_err() {
            return;
        }
        let Ok(settings) = tcgetattr(&self.tty) else {
            return;
        };
        let mut silent = settings.clone();
        silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL;
        // A terminal that is gone shows nothing.
        let _ = tcsetattr(&self.tty, OptionalActions::Now, &silent);
        let mut kept = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert(settings);
    }
}

impl Drop for QuietTerminal {
    fn drop(&mut self) {
        let settings = self
            .settings
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let (Some(settings), Ok(())) = (settings, require_foreground(&self.tty)) {
            // Fails only for a terminal that is gone, which then has no settings to restore.
            let _ = tcsetattr(&self.tty, OptionalActions::Flush, settings);
        }
    }
}
