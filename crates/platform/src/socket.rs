//! The user's socket: the agent binds it or is handed it, clients connect to it.

use std::io;
use std::path::{Path, PathBuf};

use crate::instance::InstanceLock;
use crate::paths::AgentPaths;
use crate::peer::{self, PeerError};
use crate::system;

/// A client's connection, as the agent has it.
#[cfg(windows)]
pub use system::UserConnection;
/// The agent's end, which takes connections.
pub use system::UserListener;
/// A client's connection.
pub use system::UserStream;

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

/// Binds the user's socket: 0600 in the runtime folder, which is 0700; or makes a link there that leads to
/// the one that the service manager handed over to this process; on Windows a named pipe for this user
/// alone, within this machine.
///
/// A socket that an agent left behind is removed; that is safe because `_held` proves that no
/// other agent of this state folder runs.
///
/// # Errors
/// [`BindError`] when something else is in its place, or the system refuses.
pub fn bind(paths: &AgentPaths, _held: &InstanceLock) -> Result<UserListener, BindError> {
    system::bind(paths)
}

/// Removes the socket of an agent that ends; one that the service manager keeps goes on listening.
///
/// # Errors
/// [`BindError`] when something else is in its place, or the system refuses.
pub fn unbind(paths: &AgentPaths, _held: &InstanceLock) -> Result<(), BindError> {
    system::remove_stale(paths)
}

/// Connects to the agent, and makes sure that it is this user's.
///
/// # Errors
/// [`ConnectError::NotRunning`] when no agent listens, another [`ConnectError`] when one does
/// that must not be spoken to, or that takes no connection within seconds
/// ([`io::ErrorKind::TimedOut`]).
pub fn connect(paths: &AgentPaths) -> Result<UserStream, ConnectError> {
    for path in paths.sockets_to_try() {
        match system::connect_to(&path) {
            Ok(stream) => return checked(stream, path),
            Err(error) if nobody_listens(&error) => {}
            Err(source) => return Err(ConnectError::Io { path, source }),
        }
    }
    let path = paths.socket_path();
    Err(ConnectError::NotRunning { path })
}

fn checked(stream: UserStream, path: PathBuf) -> Result<UserStream, ConnectError> {
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

pub(crate) fn failed(
    step: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> BindError + use<> {
    let path = path.to_owned();
    move |source| BindError::Io { step, path, source }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::{Read, Write};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::os::unix::net::UnixListener;
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
