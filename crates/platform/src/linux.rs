//! Linux: XDG folders, `/proc`, and the kernel's table of sockets.

mod asked_program;
mod connecting;
mod locks;
mod manifest_places;
mod tcp_table;
mod trust_places;
mod unix_peers;
mod wake_ups;
mod workstation;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use listenfd::ListenFd;
use nix::errno::Errno;
use nix::sys::socket::{getsockopt, sockopt};
use procfs::process::Process;
use rustix::fs::OFlags;
use rustix::process::{
    DumpableBehavior, Pid, PidfdFlags, Signal, getppid, pidfd_open, set_dumpable_behavior,
    set_parent_process_death_signal,
};
use sd_notify::NotifyState;

use crate::peer::FileId;
use crate::service_manager::ServiceNews;

pub(crate) use crate::unix::private_files::{
    ensure_private_folder, fresh_private_file, is_our_folder, keep_new_files_private, open_private,
    sync_folder, write_all_at,
};
pub use crate::unix::socket::{UserListener, UserStream};
pub(crate) use crate::unix::socket::{bind, remove_stale};
pub use crate::unix::{SocketEnd, UserId};
pub(crate) use crate::unix::{
    allow_open_files, current_user, file_id, forbid_core_files, is_this_user, one_name_of,
    peer_of_socket, seal, try_lock, unlock, unseal,
};
pub(crate) use crate::unix::{
    announced_endpoint, publish_endpoint, runtime_dir, service_socket, socket_path,
    usual_config_file, usual_state_dir,
};
pub(crate) use connecting::connect_to;
pub(crate) use locks::watch_locks;
pub(crate) use manifest_places::manifest_places;
pub(crate) use tcp_table::tcp_socket_owner;
pub(crate) use trust_places::{MACHINE_STORES, chromium_databases, firefox_folders};
pub(crate) use wake_ups::WakeUps;
pub(crate) use workstation::{
    account, allows_loopback_by_policy, cryptolib, free_bytes, host_name, is_program_replaced,
    may_write, program_at_port, smart_card_programs, smart_card_service, usb_smart_card_readers,
};

pub(crate) const CONTROLLING_TERMINAL: &str = "/dev/tty";
const MACHINE_CONFIG_FILE: &str = "/etc/cpxd/cpxd.toml";
pub(crate) fn machine_config_file() -> PathBuf {
    PathBuf::from(MACHINE_CONFIG_FILE)
}

pub(crate) const CONFIG_FILE_IN_HOME: &str = ".config/cpxd/cpxd.toml";
pub(crate) const STATE_DIR_IN_HOME: &str = ".local/state/cpxd";

/// The one listening Unix socket that the service manager handed over to this process (sd_listen_fds(3)),
/// not inherited any further.
pub(crate) fn handed_over_listener() -> io::Result<Option<UnixListener>> {
    let mut handed_over = ListenFd::from_env();
    match handed_over.len() {
        0 => Ok(None),
        1 => handed_over.take_unix_listener(0),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// sd_notify(3); nothing where no service manager waits for it.
pub(crate) fn tell_service_manager(news: ServiceNews) -> io::Result<()> {
    sd_notify::notify(&[match news {
        ServiceNews::Ready => NotifyState::Ready,
        ServiceNews::Stopping => NotifyState::Stopping,
    }])
}

/// User id and process id at the other end of a Unix socket (unix(7), SO_PEERCRED). The process
/// id is absent where this process cannot see the other (another PID namespace).
pub(crate) fn credentials_of_peer(socket: impl AsFd) -> io::Result<(u32, Option<u32>)> {
    let credentials = getsockopt(&socket.as_fd(), sockopt::PeerCredentials)?;
    let pid = u32::try_from(credentials.pid())
        .ok()
        .filter(|pid| *pid != 0);
    Ok((credentials.uid(), pid))
}

/// A pidfd of the process that connected (socket(7), SO_PEERPIDFD); `ESRCH` where it is gone, which Linux 6.5 to 6.14
/// call `EINVAL`. Before Linux 6.5, which does not know the option, it is that of the process with its number now, which
/// the caller is to ask for at once: the number of a process that ended comes back late.
pub(crate) fn process_of_peer(socket: impl AsFd) -> io::Result<OwnedFd> {
    match getsockopt(&socket.as_fd(), sockopt::PeerPidfd) {
        Err(Errno::ENOPROTOOPT) => {
            let (_, pid) = credentials_of_peer(socket)?;
            process_of_number(pid.ok_or(io::ErrorKind::NotFound)?)
        }
        told => told.map_err(gone_by_one_name),
    }
}

/// What `SO_PEERPIDFD` says, in the words of Linux since 6.15.
pub(crate) fn gone_by_one_name(error: Errno) -> io::Error {
    let is_gone = error == Errno::EINVAL;
    if is_gone { Errno::ESRCH } else { error }.into()
}

pub(crate) fn process_of_number(pid: u32) -> io::Result<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(io::ErrorKind::NotFound)?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

/// The program that process `pid` of user `uid` runs, by its path and its file: `exe` leads to the
/// file itself, whatever stands at its path by now (proc(5)).
///
/// Everything is read through one opened `/proc/<pid>`, which stays bound to that process: if it
/// ends, reading fails, and another process that gets the same number is never looked at.
pub(crate) fn program_of(pid: u32, uid: u32) -> Option<(PathBuf, FileId)> {
    let process = Process::new(i32::try_from(pid).ok()?).ok()?;
    let executable = process.exe().ok()?;
    let file = process.open_relative_flags("exe", OFlags::PATH | OFlags::CLOEXEC);
    let file = file.ok()?.metadata().ok()?;
    let file = FileId {
        device: file.dev(),
        inode: file.ino(),
    };
    (process.uid().ok()? == uid).then_some((executable, file))
}

/// Nobody but root may read this process's memory, in a core dump or through `/proc` (prctl(2),
/// PR_SET_DUMPABLE). Unlike the limit, this holds too where dumps are piped to a program.
pub(crate) fn make_undumpable() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// prctl(2), PR_SET_PDEATHSIG. A parent that ended before is seen by its child's new parent.
pub(crate) fn die_with_parent() -> io::Result<()> {
    let before = getppid();
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() == before {
        Ok(())
    } else {
        Err(io::Error::from(io::ErrorKind::BrokenPipe))
    }
}
