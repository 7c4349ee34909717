//! The user's socket: the agent binds it or is handed it, clients connect to it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt as _, PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::instance::InstanceLock;
use crate::paths::AgentPaths;
use crate::peer::{self, PeerError};
use crate::{current_user, system};

/// Why the agent has no socket.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Something that is no socket has its place; it is left alone.
    #[error("{} is in the way of the agent's socket", path.display())]
    Occupied {
        /// What is in the way.
        path: PathBuf,
    },
    /// What the service manager handed over is not the socket that it keeps for this agent.
    #[error(
        "the service manager handed over what is not this agent's socket ({reason}): see cpxd.socket"
    )]
    HandedOver {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The system refused one step.
    #[error("cannot {step} {}", path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Why a client has no connection to the agent.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens.
    #[error("the agent is not running (no one listens at {})", path.display())]
    NotRunning {
        /// The socket that was tried first.
        path: PathBuf,
    },
    /// Somebody listens who is not this user's agent.
    #[error("the socket {} is not served by this user's agent", path.display())]
    NotOurs {
        /// The socket.
        path: PathBuf,
        /// Who it is instead.
        #[source]
        source: PeerError,
    },
    /// The system refused the connection for another reason.
    #[error("cannot connect to {}", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Binds the user's socket (0600, in the runtime folder, which is 0700), or makes a link there that leads
/// to the one that the service manager handed over to this process.
///
/// A socket that an agent left behind is removed; that is safe because `_held` proves that no
/// other agent of this state folder runs.
///
/// # Errors
/// [`BindError`] when something else is in its place, or the system refuses.
pub fn bind(paths: &AgentPaths, _held: &InstanceLock) -> Result<UnixListener, BindError> {
    let path = paths.socket_path();
    remove_stale(paths)?;
    let handed_over = system::handed_over_listener()
        .map_err(|_| not_handed_over("it is no listening Unix socket"))?;
    if let Some(listener) = handed_over {
        let kept = checked_as_ours(&listener, paths)?;
        symlink(kept, &path).map_err(failed("make the link", &path))?;
        return Ok(listener);
    }
    let listener = UnixListener::bind(&path).map_err(failed("bind", &path))?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))
        .map_err(failed("close to other users", &path))?;
    Ok(listener)
}

/// Removes the socket of an agent that ends; one that the service manager keeps goes on listening.
///
/// # Errors
/// [`BindError`] when something else is in its place, or the system refuses.
pub fn unbind(paths: &AgentPaths, _held: &InstanceLock) -> Result<(), BindError> {
    remove_stale(paths)
}

/// Connects to the agent, and makes sure that it is this user's.
///
/// # Errors
/// [`ConnectError::NotRunning`] when no agent listens, another [`ConnectError`] when one does
/// that must not be spoken to.
pub fn connect(paths: &AgentPaths) -> Result<UnixStream, ConnectError> {
    for path in paths.sockets_to_try() {
        match UnixStream::connect(&path) {
            Ok(stream) => return checked(stream, path),
            Err(error) if nobody_listens(&error) => {}
            Err(source) => return Err(ConnectError::Io { path, source }),
        }
    }
    let path = paths.socket_path();
    Err(ConnectError::NotRunning { path })
}

fn checked(stream: UnixStream, path: PathBuf) -> Result<UnixStream, ConnectError> {
    match peer::of_same_user(&stream) {
        Ok(_) => Ok(stream),
        Err(source) => Err(ConnectError::NotOurs { path, source }),
    }
}

fn nobody_listens(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

/// The service manager's socket, as it must be: at its own place, in a folder that is closed to others,
/// and closed itself.
fn checked_as_ours<'a>(
    listener: &UnixListener,
    paths: &'a AgentPaths,
) -> Result<&'a Path, BindError> {
    let kept = paths
        .service_socket()
        .ok_or(not_handed_over("none is kept for this state folder"))?;
    let bound = listener.local_addr().map_err(failed("inspect", kept))?;
    if bound.as_pathname() != Some(kept) {
        return Err(not_handed_over("it is bound to another path"));
    }
    let is_closed = |path: &Path| {
        fs::symlink_metadata(path)
            .is_ok_and(|found| found.uid() == current_user() && found.mode() & 0o077 == 0)
    };
    if !is_closed(kept) || !kept.parent().is_some_and(is_closed) {
        return Err(not_handed_over("it is not this user's alone"));
    }
    Ok(kept)
}

fn not_handed_over(reason: &'static str) -> BindError {
    BindError::HandedOver { reason }
}

fn remove_stale(paths: &AgentPaths) -> Result<(), BindError> {
    let path = &paths.socket_path();
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() || leads_to_service_socket(paths) => {
            fs::remove_file(path).map_err(failed("remove", path))
        }
        Ok(_) => Err(BindError::Occupied { path: path.into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("inspect", path)(error)),
    }
}

fn leads_to_service_socket(paths: &AgentPaths) -> bool {
    fs::read_link(paths.socket_path())
        .is_ok_and(|target| paths.service_socket() == Some(target.as_path()))
}

fn failed(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BindError + use<> {
    let path = path.to_owned();
    move |source| BindError::Io { step, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use tempfile::TempDir;

    fn agent() -> (TempDir, AgentPaths, InstanceLock) {
        let root = tempfile::tempdir().unwrap();
        let paths = AgentPaths::resolve(Some(&root.path().join("state"))).unwrap();
        let lock = InstanceLock::acquire(&paths.lock_file()).unwrap();
        (root, paths, lock)
    }

    #[test]
    fn a_client_reaches_the_agent_and_each_knows_the_other() {
        let (_root, paths, lock) = agent();
        let listener = bind(&paths, &lock).unwrap();
        let mut client = connect(&paths).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        assert_eq!(
            peer::of_same_user(&server).unwrap().pid,
            Some(std::process::id())
        );
        client.write_all(b"hello").unwrap();
        let mut heard = [0; 5];
        server.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hello");
    }

    #[test]
    fn the_socket_is_closed_to_other_users() {
        let (_root, paths, lock) = agent();
        let _listener = bind(&paths, &lock).unwrap();
        let mode = fs::metadata(paths.socket_path())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_socket_left_by_an_agent_that_died_is_replaced() {
        let (_root, paths, lock) = agent();
        drop(bind(&paths, &lock).unwrap());
        assert!(paths.socket_path().exists());
        assert!(matches!(
            connect(&paths),
            Err(ConnectError::NotRunning { .. })
        ));
        let _listener = bind(&paths, &lock).unwrap();
        connect(&paths).unwrap();
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let (root, paths, lock) = agent();
        fs::write(paths.socket_path(), "precious").unwrap();
        assert!(matches!(
            bind(&paths, &lock),
            Err(BindError::Occupied { .. })
        ));
        assert_eq!(fs::read(paths.socket_path()).unwrap(), b"precious");

        fs::remove_file(paths.socket_path()).unwrap();
        symlink(root.path().join("elsewhere"), paths.socket_path()).unwrap();
        assert!(matches!(
            bind(&paths, &lock),
            Err(BindError::Occupied { .. })
        ));
    }

    /// The usual agent of a session, whose service manager keeps a socket.
    fn kept_socket() -> (TempDir, AgentPaths, UnixListener) {
        let root = tempfile::tempdir().unwrap();
        let paths = AgentPaths::resolve(Some(&root.path().join("state"))).unwrap();
        let folder = root.path().join("cpxd");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        let socket = folder.join("cpxd.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        fs::set_permissions(&socket, Permissions::from_mode(0o600)).unwrap();
        (root, paths.with_service_socket(socket), listener)
    }

    fn reason(error: BindError) -> &'static str {
        let BindError::HandedOver { reason } = error else {
            panic!("{error:?}");
        };
        reason
    }

    #[test]
    fn a_socket_that_is_handed_over_is_taken_where_it_is_kept_for_this_agent() {
        let (_root, paths, listener) = kept_socket();
        let kept = checked_as_ours(&listener, &paths).unwrap();
        assert_eq!(Some(kept), paths.service_socket());
    }

    #[test]
    fn a_socket_of_another_path_or_another_agent_is_not_taken() {
        let (root, paths, _kept) = kept_socket();
        let stranger = UnixListener::bind(root.path().join("stranger")).unwrap();
        let error = checked_as_ours(&stranger, &paths).unwrap_err();
        assert_eq!(reason(error), "it is bound to another path");
        let (_root, other, _lock) = agent();
        let error = checked_as_ours(&stranger, &other).unwrap_err();
        assert_eq!(reason(error), "none is kept for this state folder");
    }

    #[test]
    fn a_socket_that_others_could_reach_or_replace_is_not_taken() {
        let (_root, paths, listener) = kept_socket();
        let socket = paths.service_socket().unwrap();
        for (path, open, closed) in [
            (socket, 0o660, 0o600),
            (socket.parent().unwrap(), 0o770, 0o700),
        ] {
            fs::set_permissions(path, Permissions::from_mode(open)).unwrap();
            let error = checked_as_ours(&listener, &paths).unwrap_err();
            assert_eq!(reason(error), "it is not this user's alone");
            fs::set_permissions(path, Permissions::from_mode(closed)).unwrap();
        }
        checked_as_ours(&listener, &paths).unwrap();
    }

    #[test]
    fn the_link_that_a_killed_agent_left_leads_a_client_on_and_gives_way_to_the_next_agent() {
        let (_root, paths, _kept) = kept_socket();
        let lock = InstanceLock::acquire(&paths.lock_file()).unwrap();
        symlink(paths.service_socket().unwrap(), paths.socket_path()).unwrap();
        connect(&paths).unwrap();
        let _listener = bind(&paths, &lock).unwrap();
        unbind(&paths, &lock).unwrap();
        assert!(!paths.socket_path().exists());
        connect(&paths).unwrap();
    }

    #[test]
    fn without_agent_the_client_is_told_so() {
        let (_root, paths, lock) = agent();
        assert!(matches!(
            connect(&paths),
            Err(ConnectError::NotRunning { path }) if path == paths.socket_path()
        ));
        let _listener = bind(&paths, &lock).unwrap();
        unbind(&paths, &lock).unwrap();
        assert!(matches!(
            connect(&paths),
            Err(ConnectError::NotRunning { .. })
        ));
    }

    #[test]
    fn a_client_finds_the_agent_of_another_runtime_folder_by_the_link() {
        let (root, paths, _lock) = agent();
        let elsewhere = root.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let _listener = UnixListener::bind(elsewhere.join("cpxd.sock")).unwrap();
        symlink(elsewhere.join("endpoint.json"), paths.endpoint_link()).unwrap();
        connect(&paths).unwrap();
    }
}
