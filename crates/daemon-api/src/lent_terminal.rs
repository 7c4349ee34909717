//! The terminal that a caller on the user's socket may lend with its request, so that its holder is
//! asked there. The code is typed into that terminal and read from it by the agent alone: none
//! crosses the socket.

#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use daemon_operations::CallersTerminal;
use platform::terminal::Terminal;
use texts::Language;

/// What is lent, before anybody looked whether it is a terminal.
#[cfg(unix)]
pub(crate) type LentThing = OwnedFd;
#[cfg(windows)]
pub(crate) type LentThing = Terminal;

/// Holds what came with the bytes of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lent(Arc<Mutex<Option<LentThing>>>);

impl Lent {
    /// The terminal, once; nothing where none was lent, or something that is no terminal of this
    /// user.
    pub(crate) fn take_terminal(&self, language: Language) -> Option<CallersTerminal> {
        let lent = self.lock().take()?;
        #[cfg(unix)]
        let terminal = Terminal::of_this_user(lent)?;
        #[cfg(windows)]
        let terminal = lent;
        Some(CallersTerminal::new(terminal, language))
    }

    #[cfg(unix)]
    pub(crate) fn put(&self, descriptor: LentThing) {
        *self.lock() = Some(descriptor);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<LentThing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
