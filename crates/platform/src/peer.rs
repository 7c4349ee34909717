//! Who is at the other end of a Unix socket, as the system says it.

use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;

use crate::{current_user, system};

/// What Linux answers for a socket that has no peer with credentials; no user has this id.
const NO_USER: u32 = u32::MAX;

/// The process at the other end of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// User whose rights it had when it connected (at the client's end: when the agent began to
    /// listen).
    pub uid: u32,
    /// Its process id; `None` where the system does not tell.
    pub pid: Option<u32>,
    /// The program that this process runs now, for the holder to read; `None` when it ended or
    /// may not be looked at. It is no proof: a program of the same user can start another one.
    pub executable: Option<PathBuf>,
}

/// Why the other end is refused.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The system does not say who it is.
    #[error("cannot find out who is at the other end of the socket")]
    Unknown(#[source] io::Error),
    /// It is another user's process.
    #[error("the other end of the socket belongs to another user (uid {uid})")]
    OtherUser {
        /// That user.
        uid: u32,
    },
}

/// Who is at the other end of a connected Unix socket.
///
/// # Errors
/// [`PeerError::Unknown`] when the system does not say; the connection is to be refused then.
pub fn of_socket(socket: impl AsFd) -> Result<Peer, PeerError> {
    let (uid, pid) = system::peer_of_socket(socket).map_err(PeerError::Unknown)?;
    if uid == NO_USER {
        return Err(PeerError::Unknown(io::ErrorKind::NotConnected.into()));
    }
    let executable = pid.and_then(|pid| system::executable_of(pid, uid));
    Ok(Peer {
        uid,
        pid,
        executable,
    })
}

/// Who is at the other end of a connected Unix socket, provided that it is this same user.
///
/// # Errors
/// [`PeerError`] when it is another user, or the system does not say.
pub fn of_same_user(socket: impl AsFd) -> Result<Peer, PeerError> {
    let peer = of_socket(socket)?;
    if peer.uid == current_user() {
        Ok(peer)
    } else {
        Err(PeerError::OtherUser { uid: peer.uid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::os::unix::net::UnixStream;

    #[test]
    fn our_own_process_is_at_the_other_end_of_a_pair() {
        let (one, _other) = UnixStream::pair().unwrap();
        let peer = of_same_user(&one).unwrap();
        assert_eq!(peer.uid, current_user());
        assert_eq!(peer.pid, Some(std::process::id()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_executable_of_the_other_end_is_named() {
        let (one, _other) = UnixStream::pair().unwrap();
        assert_eq!(
            of_socket(&one).unwrap().executable,
            Some(std::env::current_exe().unwrap().canonicalize().unwrap())
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_of_another_user_or_none_at_all_has_no_executable() {
        let somebody_else = current_user() + 1;
        assert_eq!(
            system::executable_of(std::process::id(), somebody_else),
            None
        );
        assert_eq!(system::executable_of(u32::MAX, current_user()), None);
    }

    #[test]
    fn a_socket_without_peer_credentials_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let result = of_socket(&listener);
        assert!(matches!(result, Err(PeerError::Unknown(_))), "{result:?}");
    }
}
