//! What Linux and macOS have in common.

pub(crate) mod private_files;
pub(crate) mod socket;

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::peer::{FileId, Peer};
use crate::private_files::{
    PrivateFileError, failed, is_our_folder, remove_if_there, write_private,
};
use crate::system;

/// A user, by the system's number.
pub type UserId = u32;

pub(crate) fn current_user() -> UserId {
    rustix::process::geteuid().as_raw()
}

/// There is nothing here that protects bytes for one user more than the rights of a file do.
pub(crate) fn seal(bytes: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
    Ok(Zeroizing::new(bytes.to_vec()))
}

pub(crate) fn unseal(bytes: &[u8]) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    Ok(Some(Zeroizing::new(bytes.to_vec())))
}

pub(crate) fn is_this_user(user: &UserId) -> bool {
    *user == current_user()
}

/// A Unix socket.
pub trait SocketEnd: AsFd {}

impl<T: AsFd> SocketEnd for T {}

pub(crate) fn peer_of_socket(socket: &impl SocketEnd) -> io::Result<Peer> {
    let (uid, pid) = system::credentials_of_peer(socket)?;
    if uid == NO_USER {
        return Err(io::ErrorKind::NotConnected.into());
    }
    let program = pid.and_then(|pid| system::program_of(pid, uid));
    let (executable, file) = program.unzip();
    Ok(Peer {
        uid,
        pid,
        file,
        executable,
    })
}

/// What Linux answers for a socket that has no peer with credentials; no user has this id.
const NO_USER: UserId = UserId::MAX;

/// The regular file that `path` leads to now.
pub(crate) fn file_id(path: &Path) -> Option<FileId> {
    let metadata = std::fs::metadata(path).ok()?;
    metadata.is_file().then(|| FileId {
        device: metadata.dev(),
        inode: metadata.ino(),
    })
}

/// No core file of this process; what else shows its memory is the system's own to close.
pub(crate) fn forbid_core_files() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(setrlimit(Resource::Core, none)?)
}

/// Raises the soft limit of open files to this, or to the hard one.
pub(crate) fn allow_open_files(enough: u64) -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(enough, |maximum| maximum.min(enough));
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum,
    };
    Ok(setrlimit(Resource::Nofile, raised)?)
}

/// Locks the whole file for this process; says whether that is new.
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

pub(crate) fn unlock(file: &File) -> io::Result<()> {
    Ok(rustix::fs::flock(file, FlockOperation::Unlock)?)
}

/// A state folder by the one name that it has whatever leads to it.
pub(crate) fn one_name_of(folder: &Path) -> io::Result<PathBuf> {
    folder.canonicalize()
}

pub(crate) fn usual_state_dir(home: Option<&Path>) -> Option<PathBuf> {
    Some(home?.join(system::STATE_DIR_IN_HOME))
}

pub(crate) fn usual_config_file(home: Option<&Path>) -> Option<PathBuf> {
    Some(home?.join(system::CONFIG_FILE_IN_HOME))
}

/// The session's folder, or one in the state folder, or, where the socket's path would be too long
/// for the system, one in the short root.
pub(crate) fn runtime_dir(state: &Path, session: Option<&Path>, short_root: &Path) -> PathBuf {
    let name = short_name(state);
    let usual = match session {
        Some(session) if is_our_folder(session) => session.join(format!("cpxd-{name}")),
        _ => state.join("run"),
    };
    if socket_path(&usual).as_os_str().len() <= LONGEST_SOCKET_PATH {
        return usual;
    }
    short_root.join(format!("cpxd-{}-{name}", current_user()))
}

pub(crate) fn socket_path(runtime: &Path) -> PathBuf {
    runtime.join("cpxd.sock")
}

/// In the session's runtime folder, and in `packaging/linux/cpxd.socket`: a name that a unit can say, which
/// has no words for [`short_name`].
pub(crate) fn service_socket(session: &Path) -> Option<PathBuf> {
    is_our_folder(session).then(|| session.join("cpxd/cpxd.sock"))
}

/// Writes `endpoint.json`, and makes the link lead to it.
pub(crate) fn publish_endpoint(
    file: &Path,
    link: &Path,
    contents: &[u8],
) -> Result<(), PrivateFileError> {
    write_private(file, contents)?;
    remove_if_there(link)?;
    symlink(file, link).map_err(failed("make the link", link))
}

/// Where the link to `endpoint.json` leads.
pub(crate) fn announced_endpoint(link: &Path) -> Result<PathBuf, PrivateFileError> {
    std::fs::read_link(link).map_err(failed("follow", link))
}

/// Longest path of a socket, in bytes: `sun_path` has 108 bytes on Linux and 104 on macOS,
/// a terminating zero included.
pub(crate) const LONGEST_SOCKET_PATH: usize = 100;

/// Eight hexadecimal digits that tell the agents of one user apart by their state folder.
fn short_name(state: &Path) -> String {
    let mut name = hex::encode(Sha256::digest(state.as_os_str().as_bytes()));
    name.truncate(8);
    name
}
