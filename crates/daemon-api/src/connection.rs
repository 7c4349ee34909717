//! What is known of a connection, for every request that comes through it.

use std::path::PathBuf;

use daemon_types::{ErrorCode, OperationError};
use tokio_util::sync::CancellationToken;

use crate::lent_terminal::Lent;

/// One connection: its door, and whether its peer is still there.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) door: Door,
    /// Cancelled when the peer closed the connection.
    pub(crate) gone: CancellationToken,
    /// The terminal that a caller on the socket lends.
    pub(crate) lent: Lent,
}

/// Which door a connection came through, and who is at its other end.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// TLS on loopback.
    Tcp {
        /// Port that this agent listens on, for the check of `Host`.
        port: u16,
        /// Whether the system says that the other end is this same user's.
        peer_is_ours: bool,
    },
    /// The console's own port: plain HTTP on loopback.
    Console {
        /// That port, for the check of `Host` and `Origin`.
        port: u16,
        /// Whether the system says that the other end is this same user's.
        peer_is_ours: bool,
    },
    /// The user's socket, its peer checked by the system already.
    Socket {
        /// Process id of the peer.
        pid: Option<u32>,
        /// Executable of the peer.
        executable: Option<PathBuf>,
        /// Whether the peer runs the native host's own file, and so may say which page it speaks
        /// for.
        is_native_host: bool,
    },
}

impl Connection {
    pub(crate) fn through(door: Door) -> Self {
        Self {
            door,
            gone: CancellationToken::new(),
            lent: Lent::default(),
        }
    }

    /// Works for the caller as long as it is there.
    ///
    /// hyper alone does not do: it sees the end of an HTTP/1.1 connection only when it has no
    /// bytes left that came after the request.
    ///
    /// # Errors
    /// `cancelled` when the caller left, and whatever the work says.
    pub(crate) async fn while_open<T>(
        &self,
        work: impl Future<Output = Result<T, OperationError>>,
    ) -> Result<T, OperationError> {
        tokio::select! {
            biased;
            () = self.gone.cancelled() => Err(ErrorCode::Cancelled.into()),
            done = work => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_ends_with_the_connection_and_not_before() {
        let connection = Connection::through(Door::Socket {
            pid: None,
            executable: None,
            is_native_host: false,
        });
        let done = connection.while_open(async { Ok(7) }).await;
        assert_eq!(done.unwrap(), 7);
        connection.gone.cancel();
        let endless = std::future::pending::<Result<(), OperationError>>();
        let left = connection.while_open(endless).await.unwrap_err();
        assert_eq!(left.code, ErrorCode::Cancelled);
    }
}
