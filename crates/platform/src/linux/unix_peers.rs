//! Who is connected to a Unix socket: sock_diag(7) names the socket at the other end of each of its
//! connections, which `/proc/net/unix` does not.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::unix::nlas::UnixDiagName;
use netlink_packet_sock_diag::unix::{ShowFlags, StateFlags, UnixRequest, UnixResponse};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

/// The inodes of the sockets that are connected to the one at this path.
pub(crate) fn peers_of(path: &Path) -> io::Result<HashSet<u64>> {
    let kernel = netlink_sys::SocketAddr::new(0, 0);
    let socket = netlink_sys::Socket::new(NETLINK_SOCK_DIAG)?;
    socket.send_to(&question(), &kernel, 0)?;
    let mut peers = HashSet::new();
    loop {
        let mut part = Vec::with_capacity(LONGEST_PART);
        socket.recv_from(&mut part, 0)?;
        if read_part(&part, path, &mut peers)? {
            return Ok(peers);
        }
    }
}

/// Reads the messages of one datagram; says whether the last one is among them.
fn read_part(mut part: &[u8], path: &Path, peers: &mut HashSet<u64>) -> io::Result<bool> {
    while !part.is_empty() {
        let message = NetlinkMessage::<SockDiagMessage>::deserialize(part)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        if let NetlinkPayload::InnerMessage(SockDiagMessage::UnixResponse(found)) = &message.payload
        {
            peers.extend(peer_at(found, path));
        } else if let NetlinkPayload::Error(error) = &message.payload {
            return Err(error.to_io());
        } else if matches!(message.payload, NetlinkPayload::Done(_)) {
            return Ok(true);
        }
        let len = usize::try_from(message.header.length).unwrap_or(part.len());
        // Messages begin at multiples of four (netlink(7), NLMSG_ALIGN).
        part = part
            .get(len.next_multiple_of(4).max(4)..)
            .unwrap_or_default();
    }
    Ok(false)
}

fn peer_at(found: &UnixResponse, path: &Path) -> Option<u64> {
    match found.name()? {
        UnixDiagName::Pathname(name) if Path::new(name) == path => found.peer().map(u64::from),
        UnixDiagName::Pathname(_) | UnixDiagName::Abstract(_) => None,
    }
}

fn question() -> Vec<u8> {
    let request = SockDiagMessage::UnixRequest(UnixRequest {
        state_flags: StateFlags::ESTABLISHED,
        inode: 0,
        show_flags: ShowFlags::NAME | ShowFlags::PEER,
        cookie: [0xff; 8],
    });
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut message = NetlinkMessage::new(header, request.into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// The kernel fills datagrams of 32 KB at most.
const LONGEST_PART: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::{UnixListener, UnixStream};

    #[test]
    fn whoever_is_connected_to_a_socket_is_found_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("service");
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(peers_of(&path).unwrap(), HashSet::new());
        let client = UnixStream::connect(&path).unwrap();
        let (_server, _) = listener.accept().unwrap();
        let link = std::fs::read_link(format!("/proc/self/fd/{}", client.as_raw_fd())).unwrap();
        let peers = peers_of(&path).unwrap();
        assert_eq!(peers.len(), 1);
        let inode = peers.iter().next().unwrap();
        assert_eq!(link.to_string_lossy(), format!("socket:[{inode}]"));
    }
}
