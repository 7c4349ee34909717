//! Noticing that the process which connected to the user's socket ended. Its connection does not tell: a child that it
//! forked may hold on to that.

use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;

#[cfg(target_os = "linux")]
use tokio::io::{Interest, unix::AsyncFd};

use crate::user_socket::UserConnection;

/// The process that connected.
#[derive(Debug)]
pub(crate) enum PeerProcess {
    /// The system tells its end.
    #[cfg(target_os = "linux")]
    Watched(AsyncFd<OwnedFd>),
    /// It was gone before anybody looked.
    #[cfg(target_os = "linux")]
    Gone,
    /// The system does not tell, and the end of the connection has to do.
    Untold,
}

impl PeerProcess {
    /// # Errors
    /// Where there is no descriptor left to watch by, which is no reason to go without.
    #[cfg(target_os = "linux")]
    #[expect(
        deprecated,
        reason = "what replaces it is unsafe, for the sake of types that may close their descriptor; this one does not"
    )]
    pub(crate) fn of(stream: &UserConnection) -> io::Result<Self> {
        let watched = platform::peer::process_of(stream)
            .and_then(|process| AsyncFd::with_interest(process, Interest::READABLE));
        let error = match watched {
            Ok(process) => return Ok(Self::Watched(process)),
            Err(error) => error,
        };
        match error.raw_os_error() {
            Some(NO_SUCH_PROCESS) => Ok(Self::Gone),
            Some(SYSTEM_HAS_NONE_LEFT | PROCESS_HAS_NONE_LEFT) => Err(error),
            Some(_) | None => {
                tracing::debug!(%error, "the end of a process is not told");
                Ok(Self::Untold)
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn of(_stream: &UserConnection) -> io::Result<Self> {
        Ok(Self::Untold)
    }

    /// Completes when it ended; never where the system does not tell.
    pub(crate) async fn ended(&self) {
        match self {
            #[cfg(target_os = "linux")]
            Self::Watched(process) => {
                // The descriptor stays readable, so nothing is to be cleared.
                let _ = process.readable().await;
            }
            #[cfg(target_os = "linux")]
            Self::Gone => {}
            Self::Untold => std::future::pending().await,
        }
    }
}

/// `ESRCH`.
#[cfg(target_os = "linux")]
const NO_SUCH_PROCESS: i32 = 3;
/// `ENFILE`.
#[cfg(target_os = "linux")]
const SYSTEM_HAS_NONE_LEFT: i32 = 23;
/// `EMFILE`.
#[cfg(target_os = "linux")]
const PROCESS_HAS_NONE_LEFT: i32 = 24;
