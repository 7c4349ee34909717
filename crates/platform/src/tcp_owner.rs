//! Whose program holds the other end of a loopback TCP connection.
//!
//! Any user of the machine can reach a loopback port, whatever headers he then
//! sends. The system knows who opened the connecting socket.

use std::error::Error;
use std::net::SocketAddr;

use crate::{UserId, system};

/// Why the owner of the other end is not known. The connection is to be refused.
#[derive(Debug, thiserror::Error)]
pub enum TcpOwnerError {
    /// One end is not a loopback address, so the other program may be on another machine.
    #[error("the connection from {peer} is not a loopback connection")]
    NotLoopback {
        /// The other end.
        peer: SocketAddr,
    },
    /// The system has no such connection that is established and held by a program: it was
    /// closed in the meantime, in whole or in its sending half.
    #[error("no program holds the other end of the connection")]
    NotFound,
    /// The system's table of connections cannot be read.
    #[error("cannot read the system's table of connections")]
    Unreadable(#[source] Box<dyn Error + Send + Sync>),
}

/// The owner of the other end of a loopback connection.
///
/// `local` and `peer` are the two addresses as the accepting socket has them.
///
/// # Errors
/// [`TcpOwnerError`] whenever the owner is not known beyond doubt.
pub fn owner_of_peer(local: SocketAddr, peer: SocketAddr) -> Result<UserId, TcpOwnerError> {
    let (local, peer) = (canonical(local), canonical(peer));
    if !(local.ip().is_loopback() && peer.ip().is_loopback()) {
        return Err(TcpOwnerError::NotLoopback { peer });
    }
    system::tcp_socket_owner(peer, local)
}

/// Whether the other end of a loopback connection belongs to the user of this process.
///
/// # Errors
/// [`TcpOwnerError`] whenever the owner is not known beyond doubt.
pub fn is_ours(local: SocketAddr, peer: SocketAddr) -> Result<bool, TcpOwnerError> {
    owner_of_peer(local, peer).map(|owner| system::is_this_user(&owner))
}

/// An IPv4 address that came as an IPv6 one (`::ffff:127.0.0.1`) as what it is.
fn canonical(end: SocketAddr) -> SocketAddr {
    SocketAddr::new(end.ip().to_canonical(), end.port())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::current_user;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    fn ends(server: &TcpStream) -> (SocketAddr, SocketAddr) {
        (server.local_addr().unwrap(), server.peer_addr().unwrap())
    }

    #[test]
    fn our_own_connection_is_ours_over_ipv4_and_ipv6() {
        for address in ["127.0.0.1:0", "127.8.9.10:0", "[::1]:0"] {
            let listener = TcpListener::bind(address).unwrap();
            let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, _) = listener.accept().unwrap();
            let (local, peer) = ends(&server);
            assert_eq!(owner_of_peer(local, peer).unwrap(), current_user());
            assert!(is_ours(local, peer).unwrap());
        }
    }

    #[test]
    fn an_ipv6_socket_that_speaks_ipv4_is_found_from_both_sides() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let _client = TcpStream::connect(format!("[::ffff:127.0.0.1]:{port}")).unwrap();
        let (server, _) = listener.accept().unwrap();
        let (local, peer) = ends(&server);
        assert!(is_ours(local, peer).unwrap());

        let mapped = |end: SocketAddr| match end {
            SocketAddr::V4(end) => (end.ip().to_ipv6_mapped(), end.port()).into(),
            SocketAddr::V6(_) => end,
        };
        assert!(is_ours(mapped(local), mapped(peer)).unwrap());
    }

    #[test]
    fn a_connection_that_its_program_closed_has_no_owner() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let (local, peer) = ends(&server);
        drop(client);
        assert!(matches!(is_ours(local, peer), Err(TcpOwnerError::NotFound)));
        drop(server);
        assert!(matches!(is_ours(local, peer), Err(TcpOwnerError::NotFound)));
    }

    #[test]
    fn a_connection_that_never_was_has_no_owner() {
        let local = "127.0.0.1:1".parse().unwrap();
        let peer = "127.0.0.1:2".parse().unwrap();
        assert!(matches!(
            owner_of_peer(local, peer),
            Err(TcpOwnerError::NotFound)
        ));
    }

    #[test]
    fn an_end_beyond_loopback_is_refused() {
        let loopback: SocketAddr = "127.0.0.1:27900".parse().unwrap();
        for other in ["192.0.2.7:40000", "[2001:db8::7]:40000", "0.0.0.0:40000"] {
            let other: SocketAddr = other.parse().unwrap();
            for (local, peer) in [(loopback, other), (other, loopback)] {
                assert!(matches!(
                    owner_of_peer(local, peer),
                    Err(TcpOwnerError::NotLoopback { .. })
                ));
            }
        }
    }

    #[test]
    fn the_owner_is_the_user_who_connected() {
        // Only root may connect as somebody else.
        let connects = if current_user() == 0 {
            4242
        } else {
            current_user()
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut child = Command::new("bash")
            .arg("-c")
            .arg(format!("exec 3<>/dev/tcp/127.0.0.1/{port}; read -r <&3"))
            .uid(connects)
            .current_dir("/")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let (server, _) = listener.accept().unwrap();
        let (local, peer) = ends(&server);
        assert_eq!(owner_of_peer(local, peer).unwrap(), connects);
        assert_eq!(is_ours(local, peer).unwrap(), connects == current_user());
        drop(server);
        child.wait().unwrap();
    }
}
