//! What is known of a connection before its first request.

use std::path::PathBuf;

/// Which door a connection came through, and who is at its other end.
#[derive(Clone, Debug)]
pub(crate) enum Connection {
    /// TLS on loopback.
    Tcp {
        /// Port that this agent listens on, for the check of `Host`.
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
    },
}
