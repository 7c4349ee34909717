//! Who owns a TCP socket of this machine.
//!
//! The kernel is asked for exactly one socket over sock_diag(7), which takes
//! some 10 µs. Reading `/proc/net/tcp` walks the kernel's whole hash table, 7 ms
//! on a machine with 24 GB whatever the number of connections; it is read only
//! on a kernel without the `tcp_diag` module.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::LazyLock;

use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP, TCP_ESTABLISHED};
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags,
};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use procfs::ProcError;
use procfs::net::{TcpNetEntry, TcpState};

use crate::current_user;
use crate::tcp_owner::TcpOwnerError;

/// More than the kernel's answer about one socket ever has (about 130 bytes).
const LONGEST_ANSWER: usize = 4096;
/// Says that the socket is meant that has these addresses, whatever its cookie.
const ANY_COOKIE: [u8; 8] = [0xff; 8];

/// Whether this kernel answers over sock_diag. One without its module says what it would say of
/// a socket that does not exist, so it is asked, once, about one that does.
static SOCK_DIAG_ANSWERS: LazyLock<bool> =
    LazyLock::new(|| sock_diag_finds_our_own_connection().unwrap_or(false));

/// The user who owns the established TCP socket with these two ends, both in canonical form
/// (an IPv4 address never as an IPv6 one).
pub(crate) fn tcp_socket_owner(
    local: SocketAddr,
    remote: SocketAddr,
) -> Result<u32, TcpOwnerError> {
    let owner = if *SOCK_DIAG_ANSWERS {
        ask_sock_diag(local, remote).map_err(|error| TcpOwnerError::Unreadable(error.into()))
    } else {
        search_proc_net(local, remote)
    };
    owner?.ok_or(TcpOwnerError::NotFound)
}

fn sock_diag_finds_our_own_connection() -> io::Result<bool> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let owner = ask_sock_diag(client.local_addr()?, client.peer_addr()?)?;
    Ok(owner == Some(current_user()))
}

fn ask_sock_diag(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<u32>> {
    let kernel = netlink_sys::SocketAddr::new(0, 0);
    let socket = netlink_sys::Socket::new(NETLINK_SOCK_DIAG)?;
    // The kernel's answer is in the queue when sending returns; without one, nobody waits.
    socket.set_non_blocking(true)?;
    socket.send_to(&question(local, remote), &kernel, 0)?;
    let mut answer = Vec::with_capacity(LONGEST_ANSWER);
    let (_, sender) = socket.recv_from(&mut answer, 0)?;
    if sender.port_number() != kernel.port_number() {
        return Ok(None);
    }
    let answer = NetlinkMessage::<SockDiagMessage>::deserialize(&answer)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
    let NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) = answer.payload else {
        return Ok(None);
    };
    Ok(owner_if_meant(&found, local, remote))
}

fn question(local: SocketAddr, remote: SocketAddr) -> Vec<u8> {
    let request = SockDiagMessage::InetRequest(InetRequest {
        family: if local.is_ipv4() { AF_INET } else { AF_INET6 },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::ESTABLISHED,
        socket_id: SocketId {
            source_port: local.port(),
            destination_port: remote.port(),
            source_address: local.ip(),
            destination_address: remote.ip(),
            interface_id: 0,
            cookie: ANY_COOKIE,
        },
    });
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    let mut message = NetlinkMessage::new(header, request.into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// The kernel also answers with a listening socket of the same port, or with one that waits to
/// be forgotten; and a socket that no program holds any more has no inode, and root as owner.
fn owner_if_meant(found: &InetResponse, local: SocketAddr, remote: SocketAddr) -> Option<u32> {
    let header = &found.header;
    let id = &header.socket_id;
    let meant = header.state == TCP_ESTABLISHED
        && header.inode != 0
        && same_end(SocketAddr::new(id.source_address, id.source_port), local)
        && same_end(
            SocketAddr::new(id.destination_address, id.destination_port),
            remote,
        );
    meant.then_some(header.uid)
}

fn search_proc_net(local: SocketAddr, remote: SocketAddr) -> Result<Option<u32>, TcpOwnerError> {
    for table in [procfs::net::tcp, procfs::net::tcp6] {
        let entries = match table() {
            Ok(entries) => entries,
            // A kernel without IPv6 has no tcp6.
            Err(ProcError::NotFound(_)) => continue,
            Err(error) => return Err(TcpOwnerError::Unreadable(error.into())),
        };
        if let Some(owner) = owner_in(&entries, local, remote) {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}

fn owner_in(entries: &[TcpNetEntry], local: SocketAddr, remote: SocketAddr) -> Option<u32> {
    entries
        .iter()
        .find(|entry| {
            entry.state == TcpState::Established
                && entry.inode != 0
                && same_end(entry.local_address, local)
                && same_end(entry.remote_address, remote)
        })
        .map(|entry| entry.uid)
}

fn same_end(found: SocketAddr, wanted: SocketAddr) -> bool {
    found.port() == wanted.port() && found.ip().to_canonical() == wanted.ip()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What this kernel says in both ways; they must agree.
    fn owner(local: SocketAddr, remote: SocketAddr) -> Option<u32> {
        let by_sock_diag = ask_sock_diag(local, remote).unwrap();
        assert_eq!(search_proc_net(local, remote).unwrap(), by_sock_diag);
        by_sock_diag
    }

    fn connection() -> (TcpListener, TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        (listener, client, server)
    }

    #[test]
    fn sock_diag_and_proc_net_name_the_same_owner() {
        let (_listener, client, server) = connection();
        for end in [&client, &server] {
            let (local, remote) = (end.local_addr().unwrap(), end.peer_addr().unwrap());
            assert_eq!(owner(local, remote), Some(current_user()));
        }
        assert!(*SOCK_DIAG_ANSWERS);
    }

    #[test]
    fn a_listening_socket_is_not_taken_for_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stranger = "127.0.0.1:1".parse().unwrap();
        assert_eq!(owner(listener.local_addr().unwrap(), stranger), None);
    }

    #[test]
    fn a_socket_that_no_program_holds_any_more_has_no_owner() {
        let (_listener, client, server) = connection();
        let (local, remote) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
        drop(client);
        assert_eq!(owner(local, remote), None);
        drop(server);
        assert_eq!(owner(local, remote), None);
    }
}
