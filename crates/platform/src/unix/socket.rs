//! The user's socket in the file system.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

pub use std::os::unix::net::{UnixListener as UserListener, UnixStream as UserStream};

use crate::paths::AgentPaths;
use crate::socket::{BindError, failed};
use crate::system;
use crate::unix::current_user;

pub(crate) fn bind(paths: &AgentPaths) -> Result<UserListener, BindError> {
    let path = paths.socket_path();
    remove_stale(paths)?;
    let handed_over = system::handed_over_listener()
        .map_err(|_| not_handed_over("it is no listening Unix socket"))?;
    if let Some(listener) = handed_over {
        let kept = checked_as_ours(&listener, paths)?;
        symlink(kept, &path).map_err(failed("make the link", &path))?;
        return Ok(listener);
    }
    let listener = UserListener::bind(&path).map_err(failed("bind", &path))?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))
        .map_err(failed("close to other users", &path))?;
    Ok(listener)
}

/// Connects at once or not at all: a queue that is full refuses here.
#[cfg(target_os = "macos")]
pub(crate) fn connect_to(path: &Path) -> io::Result<UserStream> {
    UserStream::connect(path)
}

/// The service manager's socket, as it must be: at its own place, in a folder that is closed to others,
/// and closed itself.
fn checked_as_ours<'a>(
    listener: &UserListener,
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

pub(crate) fn remove_stale(paths: &AgentPaths) -> Result<(), BindError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::InstanceLock;
    use crate::socket::{bind, connect, unbind};
    use std::os::unix::net::UnixListener;
    use tempfile::TempDir;

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
        let root = tempfile::tempdir().unwrap();
        let other = AgentPaths::resolve(Some(&root.path().join("state"))).unwrap();
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
}
