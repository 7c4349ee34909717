//! The system's table of TCP connections (GetExtendedTcpTable).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, NO_ERROR};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GetExtendedTcpTable, MIB_TCP_STATE_ESTAB, MIB_TCP6ROW_OWNER_PID, MIB_TCP6TABLE_OWNER_PID,
    MIB_TCPROW_OWNER_PID, MIB_TCPTABLE_OWNER_PID, TCP_TABLE_OWNER_PID_CONNECTIONS,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};

use super::accounts::{Process, UserId};
use super::no_error;
use crate::tcp_owner::TcpOwnerError;

/// Whose the socket is that has these two ends. The process is held while it is asked who it is, and
/// the socket must be its own still afterwards: process ids are given again.
pub(crate) fn tcp_socket_owner(
    local: SocketAddr,
    remote: SocketAddr,
) -> Result<UserId, TcpOwnerError> {
    let unreadable = |error: io::Error| TcpOwnerError::Unreadable(error.into());
    let pid = process_of(local, remote).map_err(unreadable)?;
    let pid = pid.ok_or(TcpOwnerError::NotFound)?;
    let process = Process::open(pid).map_err(unreadable)?;
    let user = UserId::of_process(&process).map_err(unreadable)?;
    let after = process_of(local, remote).map_err(unreadable)?;
    if after == Some(pid) {
        Ok(user)
    } else {
        Err(TcpOwnerError::NotFound)
    }
}

fn process_of(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<u32>> {
    let of_these_ends = |row: &Row| row.local == local && row.remote == remote;
    let rows = match local.ip() {
        IpAddr::V4(_) => rows_of_ipv4()?,
        IpAddr::V6(_) => rows_of_ipv6()?,
    };
    let mut found = rows.into_iter().filter(of_these_ends);
    match (found.next(), found.next()) {
        // Process 0 is nobody: connections that their program closed have it, and all of them in Wine.
        (Some(row), None) if row.is_established && row.pid != 0 => Ok(Some(row.pid)),
        _ => Ok(None),
    }
}

struct Row {
    local: SocketAddr,
    remote: SocketAddr,
    is_established: bool,
    pid: u32,
}

fn rows_of_ipv4() -> io::Result<Vec<Row>> {
    let table = table_of(AF_INET)?;
    // SAFETY: the system wrote a table of this type to the aligned beginning of the buffer, which is
    // still there.
    let rows = unsafe {
        let begin = table.as_ptr().cast::<MIB_TCPTABLE_OWNER_PID>();
        let first = (&raw const (*begin).table).cast::<MIB_TCPROW_OWNER_PID>();
        std::slice::from_raw_parts(first, usize::try_from((*begin).dwNumEntries).unwrap_or(0))
    };
    let end = |address: u32, number: u32| {
        SocketAddr::from((Ipv4Addr::from(address.to_ne_bytes()), port(number)))
    };
    let rows = rows.iter().map(|row| Row {
        local: end(row.dwLocalAddr, row.dwLocalPort),
        remote: end(row.dwRemoteAddr, row.dwRemotePort),
        is_established: row.dwState == ESTABLISHED,
        pid: row.dwOwningPid,
    });
    Ok(rows.collect())
}

fn rows_of_ipv6() -> io::Result<Vec<Row>> {
    let table = table_of(AF_INET6)?;
    // SAFETY: as for IPv4.
    let rows = unsafe {
        let begin = table.as_ptr().cast::<MIB_TCP6TABLE_OWNER_PID>();
        let first = (&raw const (*begin).table).cast::<MIB_TCP6ROW_OWNER_PID>();
        std::slice::from_raw_parts(first, usize::try_from((*begin).dwNumEntries).unwrap_or(0))
    };
    let end =
        |address: [u8; 16], number: u32| SocketAddr::from((Ipv6Addr::from(address), port(number)));
    let rows = rows.iter().map(|row| Row {
        local: end(row.ucLocalAddr, row.dwLocalPort),
        remote: end(row.ucRemoteAddr, row.dwRemotePort),
        is_established: row.dwState == ESTABLISHED,
        pid: row.dwOwningPid,
    });
    Ok(rows.collect())
}

/// A port stands in the order of the network, in the first two bytes.
fn port(number: u32) -> u16 {
    let [high, low, ..] = number.to_ne_bytes();
    u16::from_be_bytes([high, low])
}

/// The whole table. It may grow between the question for its size and the one for itself.
fn table_of(family: u16) -> io::Result<Vec<u64>> {
    let mut len = 16_384_u32;
    for _ in 0..ATTEMPTS {
        let words = usize::try_from(len).map_err(io::Error::other)?.div_ceil(8);
        let mut table = vec![0_u64; words];
        // SAFETY: the buffer has `len` bytes at least.
        let answer = unsafe {
            GetExtendedTcpTable(
                table.as_mut_ptr().cast(),
                &raw mut len,
                0,
                u32::from(family),
                TCP_TABLE_OWNER_PID_CONNECTIONS,
                0,
            )
        };
        match answer {
            NO_ERROR => return Ok(table),
            ERROR_INSUFFICIENT_BUFFER => {}
            number => no_error(number)?,
        }
    }
    Err(io::ErrorKind::OutOfMemory.into())
}

const ATTEMPTS: u32 = 8;
const ESTABLISHED: u32 = MIB_TCP_STATE_ESTAB.cast_unsigned();
