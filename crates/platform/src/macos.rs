//! macOS: Library folders and the credentials of Unix sockets.
//!
//! None of it was ever run: it type-checks. A sleep of the machine is not noticed, so that it ends no session,
//! nor a lock, so that it closes no question.

mod manifest_places;
mod processes;
mod trust_places;
mod workstation;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;

use nix::sys::socket::{getsockopt, sockopt};

use crate::lock::LockNews;
use crate::service_manager::ServiceNews;

pub(crate) use crate::unix::private_files::{
    ensure_private_folder, fresh_private_file, is_our_folder, keep_new_files_private, open_private,
    sync_folder, write_all_at,
};
pub use crate::unix::socket::{UserListener, UserStream};
pub(crate) use crate::unix::socket::{bind, connect_to, remove_stale};
pub use crate::unix::{SocketEnd, UserId};
pub(crate) use crate::unix::{
    allow_open_files, current_user, file_id, forbid_core_files, is_this_user, one_name_of,
    peer_of_socket, seal, try_lock, unlock, unseal,
};
pub(crate) use crate::unix::{
    announced_endpoint, publish_endpoint, runtime_dir, service_socket, socket_path,
    usual_config_file, usual_state_dir,
};
pub(crate) use manifest_places::manifest_places;
pub(crate) use processes::{program_of, tcp_socket_owner};
pub(crate) use trust_places::{MACHINE_STORES, chromium_databases, firefox_folders};
pub(crate) use workstation::{
    account, allows_loopback_by_policy, cryptolib, free_bytes, host_name, is_program_replaced,
    may_write, program_at_port, smart_card_programs, smart_card_service, usb_smart_card_readers,
};

pub(crate) const CONTROLLING_TERMINAL: &str = "/dev/tty";
const MACHINE_CONFIG_FILE: &str = "/Library/Application Support/cpxd/cpxd.toml";
pub(crate) fn machine_config_file() -> PathBuf {
    PathBuf::from(MACHINE_CONFIG_FILE)
}

pub(crate) const CONFIG_FILE_IN_HOME: &str = "Library/Application Support/cpxd/cpxd.toml";
pub(crate) const STATE_DIR_IN_HOME: &str = "Library/Application Support/cpxd";

/// User id and process id at the other end of a Unix socket (LOCAL_PEERCRED, LOCAL_PEERPID).
pub(crate) fn credentials_of_peer(socket: impl AsFd) -> io::Result<(u32, Option<u32>)> {
    let socket = socket.as_fd();
    let credentials = getsockopt(&socket, sockopt::LocalPeerCred)?;
    let pid = getsockopt(&socket, sockopt::LocalPeerPid)?;
    let pid = u32::try_from(pid).ok().filter(|pid| *pid != 0);
    Ok((credentials.uid(), pid))
}

/// The limit on core dumps is all there is on this system.
pub(crate) fn make_undumpable() -> io::Result<()> {
    Ok(())
}

/// The end of the pipe has to do.
pub(crate) fn die_with_parent() -> io::Result<()> {
    Ok(())
}

/// Nobody tells on this system yet when the session is locked.
pub(crate) fn watch_locks(_told: Arc<dyn Fn(LockNews) + Send + Sync>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nobody tells on this system yet when the machine slept.
pub(crate) struct WakeUps;

impl WakeUps {
    pub(crate) fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn next(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// launchd hands over none here.
pub(crate) fn handed_over_listener() -> io::Result<Option<UnixListener>> {
    Ok(None)
}

/// launchd asks for no news.
pub(crate) fn tell_service_manager(_news: ServiceNews) -> io::Result<()> {
    Ok(())
}
