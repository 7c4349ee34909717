//! When the session of this user is locked.

use std::io;
use std::sync::Arc;

use crate::system;

/// What the system says of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockNews {
    /// Somebody asks for the lock; whether one follows is told apart, where it is told at all.
    Asked,
    /// The session is locked.
    Locked,
    /// It is not, or nobody can tell any more.
    Unlocked,
}

/// Calls `told` with all news of the lock, beginning with a lock that is there already. The system
/// is asked in the background, on threads that wait without waking up; where it does not tell,
/// nothing is ever locked.
///
/// # Errors
/// The system's error when no thread can be started, or when it never tells (macOS).
pub fn watch(told: impl Fn(LockNews) + Send + Sync + 'static) -> io::Result<()> {
    system::watch_locks(Arc::new(told))
}
