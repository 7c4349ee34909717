//! The programs of this user, and the TCP sockets that they hold (libproc).
//!
//! The system tells a process nothing of another user's sockets, unless it is root's: who is not found
//! here is not this user.

#![expect(
    unsafe_code,
    reason = "what the system tells of a socket is a union; each read says why it is sound"
)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use libproc::bsd_info::BSDInfo;
use libproc::file_info::{ListFDs, ProcFDType, pidfdinfo};
use libproc::net_info::{InSIAddr, InSockInfo, SocketFDInfo, SocketInfoKind, TcpSIState};
use libproc::proc_pid::{listpidinfo, pidinfo, pidpath};
use libproc::processes::{ProcFilter, pids_by_type};

use crate::peer::FileId;
use crate::tcp_owner::TcpOwnerError;
use crate::unix::{UserId, current_user, file_id};

/// The program that process `pid` of user `uid` runs: its path, and the file that is there now. Another user
/// at the end says that the process is another one by now.
pub(crate) fn program_of(pid: u32, uid: UserId) -> Option<(PathBuf, FileId)> {
    let number = i32::try_from(pid).ok()?;
    let executable = PathBuf::from(pidpath(number).ok()?);
    let file = file_id(&executable)?;
    let process = pidinfo::<BSDInfo>(number, 0).ok()?;
    (process.pbi_pid == pid && process.pbi_uid == uid).then_some((executable, file))
}

/// The user who holds the established TCP socket with these two ends: this user, or an error.
pub(crate) fn tcp_socket_owner(
    local: SocketAddr,
    remote: SocketAddr,
) -> Result<UserId, TcpOwnerError> {
    let own = ProcFilter::ByUID {
        uid: current_user(),
    };
    let processes =
        pids_by_type(own).map_err(|error| TcpOwnerError::Unreadable(Box::new(error)))?;
    let holds_it = |pid: &u32| {
        i32::try_from(*pid)
            .ok()
            .and_then(|pid| sockets_of(pid).ok())
            .is_some_and(|sockets| sockets.contains(&(local, remote)))
    };
    if processes.iter().any(holds_it) {
        Ok(current_user())
    } else {
        Err(TcpOwnerError::NotFound)
    }
}

/// The two ends of each established TCP socket that a process holds.
fn sockets_of(pid: i32) -> io::Result<Vec<(SocketAddr, SocketAddr)>> {
    let process = pidinfo::<BSDInfo>(pid, 0).map_err(io::Error::other)?;
    let count = usize::try_from(process.pbi_nfiles).map_err(io::Error::other)?;
    let files = listpidinfo::<ListFDs>(pid, count).map_err(io::Error::other)?;
    let sockets = files
        .iter()
        .filter(|file| matches!(ProcFDType::from(file.proc_fdtype), ProcFDType::Socket))
        // A file may have been closed since it was listed.
        .filter_map(|file| pidfdinfo::<SocketFDInfo>(pid, file.proc_fd).ok());
    Ok(sockets.filter_map(|socket| ends_of(&socket)).collect())
}

fn ends_of(socket: &SocketFDInfo) -> Option<(SocketAddr, SocketAddr)> {
    if !matches!(
        SocketInfoKind::from(socket.psi.soi_kind),
        SocketInfoKind::Tcp
    ) {
        return None;
    }
    // SAFETY: the system says that this is what it told, and every bit pattern of it is a value.
    let tcp = unsafe { socket.psi.soi_proto.pri_tcp };
    if !matches!(TcpSIState::from(tcp.tcpsi_state), TcpSIState::Established) {
        return None;
    }
    let ends = &tcp.tcpsi_ini;
    Some((
        end(ends, &ends.insi_laddr, ends.insi_lport)?,
        end(ends, &ends.insi_faddr, ends.insi_fport)?,
    ))
}

fn end(ends: &InSockInfo, address: &InSIAddr, port: i32) -> Option<SocketAddr> {
    let address = if ends.insi_vflag & OF_IPV4 != 0 {
        // SAFETY: the flag says which of the two it is, and every bit pattern of it is a value.
        let address = unsafe { address.ina_46 }.i46a_addr4.s_addr;
        IpAddr::V4(Ipv4Addr::from(address.to_ne_bytes()))
    } else {
        // SAFETY: as above.
        let address = unsafe { address.ina_6 }.s6_addr;
        Ipv6Addr::from(address).to_canonical()
    };
    // The port's two bytes are in the network's order, in a number of four.
    let port = u16::from_be(u16::try_from(port & 0xffff).ok()?);
    Some(SocketAddr::new(address, port))
}

/// INI_IPV4 of `<sys/proc_info.h>`.
const OF_IPV4: u8 = 1;
