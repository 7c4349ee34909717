//! The user's named pipe: for one account, within one machine; each end looks up the other.

mod client;
mod server;

use std::io;
use std::os::windows::io::RawHandle;

use windows_sys::Win32::System::Pipes::{GetNamedPipeClientProcessId, GetNamedPipeServerProcessId};

use super::accounts::{Process, UserId};
use super::{file_id, succeeded};
use crate::paths::AgentPaths;
use crate::peer::Peer;
use crate::socket::BindError;

pub use client::UserStream;
pub(crate) use client::connect_to;
pub(crate) use server::bind;
pub use server::{UserConnection, UserListener};

/// An end of a connected pipe.
pub trait SocketEnd {
    /// The process at the other end, as the system kept it when it connected.
    ///
    /// # Errors
    /// What the system says.
    fn pid_of_peer(&self) -> io::Result<u32>;
}

/// Who is at the other end. The process is held while it is asked who it is: one that ended is no
/// caller, and its number may be another's by now.
pub(crate) fn peer_of_socket(socket: &impl SocketEnd) -> io::Result<Peer> {
    let pid = socket.pid_of_peer()?;
    let process = Process::open(pid)?;
    let uid = UserId::of_process(&process)?;
    let executable = process.executable();
    Ok(Peer {
        uid,
        pid: Some(pid),
        file: executable.as_deref().and_then(file_id),
        executable,
    })
}

/// A pipe goes with the last process that has it.
pub(crate) fn remove_stale(_paths: &AgentPaths) -> Result<(), BindError> {
    Ok(())
}

fn pid_of_client(pipe: RawHandle) -> io::Result<u32> {
    let mut pid = 0;
    // SAFETY: the handle is open, and `pid` takes one value.
    succeeded(unsafe { GetNamedPipeClientProcessId(pipe, &raw mut pid) })?;
    Ok(pid)
}

fn pid_of_server(pipe: RawHandle) -> io::Result<u32> {
    let mut pid = 0;
    // SAFETY: the handle is open, and `pid` takes one value.
    succeeded(unsafe { GetNamedPipeServerProcessId(pipe, &raw mut pid) })?;
    Ok(pid)
}
