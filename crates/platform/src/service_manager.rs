//! What the service manager that started this process is told of it.

use std::io;

use crate::system;

/// News of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceNews {
    /// It answers from now on.
    Ready,
    /// It is about to end.
    Stopping,
}

/// Tells the service manager, where one waits for it.
///
/// # Errors
/// What the system says.
pub fn tell(news: ServiceNews) -> io::Result<()> {
    system::tell_service_manager(news)
}
