//! Who is at the other end of the user's socket, as the system says it.

use std::io;
use std::path::{Path, PathBuf};

use crate::{UserId, system};
pub use system::SocketEnd;

/// The process at the other end of the user's socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// User whose rights it had when it connected (at the client's end: when the agent began to
    /// listen). On Windows: those that it has now.
    pub uid: UserId,
    /// Its process id; `None` where the system does not tell.
    pub pid: Option<u32>,
    /// The file of that program; `None` where the system does not tell. It is that of the process
    /// which connected, as it is now: it may have started another program since, or have handed
    /// the socket to another process.
    pub file: Option<FileId>,
    /// The program that this process runs now, for the holder to read; `None` when it ended or
    /// may not be looked at. It is no proof: a program of the same user can start another one.
    pub executable: Option<PathBuf>,
}

/// A file, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    /// The device that it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

impl FileId {
    /// The regular file that `path` leads to now; `None` where there is none.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        system::file_id(path)
    }
}

/// Why the other end is refused.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The system does not say who it is.
    #[error("cannot find out who is at the other end of the socket")]
    Unknown(#[source] io::Error),
    /// It is another user's process.
    #[error("the other end of the socket belongs to another user (uid {uid})")]
    OtherUser {
        /// That user; on Windows also this one in another session.
        uid: UserId,
    },
}

/// Who is at the other end of a connected socket.
///
/// # Errors
/// [`PeerError::Unknown`] when the system does not say; the connection is to be refused then.
pub fn of_socket(socket: &impl SocketEnd) -> Result<Peer, PeerError> {
    system::peer_of_socket(socket).map_err(PeerError::Unknown)
}

/// Who is at the other end of a connected socket, provided that it is this same user.
///
/// # Errors
/// [`PeerError`] when it is another user, or the system does not say.
pub fn of_same_user(socket: &impl SocketEnd) -> Result<Peer, PeerError> {
    let peer = of_socket(socket)?;
    if system::is_this_user(&peer.uid) {
        Ok(peer)
    } else {
        Err(PeerError::OtherUser { uid: peer.uid })
    }
}

/// The process that connected a socket, whoever has its end of it by now: readable once that process ended.
///
/// # Errors
/// What the system says, above all where the process is gone already (`ESRCH`).
#[cfg(target_os = "linux")]
pub fn process_of(socket: &impl SocketEnd) -> io::Result<std::os::fd::OwnedFd> {
    system::process_of_peer(socket)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::current_user;
    use std::net::TcpListener;
    use std::os::unix::net::UnixStream;

    #[test]
    fn our_own_process_is_at_the_other_end_of_a_pair() {
        let (one, _other) = UnixStream::pair().unwrap();
        let peer = of_same_user(&one).unwrap();
        assert_eq!(peer.uid, current_user());
        assert_eq!(peer.pid, Some(std::process::id()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_executable_of_the_other_end_is_named() {
        let (one, _other) = UnixStream::pair().unwrap();
        let peer = of_socket(&one).unwrap();
        let own = std::env::current_exe().unwrap().canonicalize().unwrap();
        assert_eq!(peer.executable, Some(own.clone()));
        assert_eq!(peer.file, FileId::of(&own));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_of_another_user_or_none_at_all_has_no_executable() {
        let somebody_else = current_user() + 1;
        assert_eq!(system::program_of(std::process::id(), somebody_else), None);
        assert_eq!(system::program_of(u32::MAX, current_user()), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_tells_its_end_by_its_number_and_by_its_socket() {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let has_ended = |process: &std::os::fd::OwnedFd, seconds| {
            let wait = Timespec {
                tv_sec: seconds,
                tv_nsec: 0,
            };
            let mut watched = [PollFd::new(process, PollFlags::IN)];
            poll(&mut watched, Some(&wait)).unwrap() == 1
        };
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let by_number = system::process_of_number(child.id()).unwrap();
        assert!(!has_ended(&by_number, 0));
        child.kill().unwrap();
        assert!(has_ended(&by_number, 60));
        child.wait().unwrap();
        let gone = system::process_of_number(child.id()).unwrap_err();
        assert_eq!(gone.raw_os_error(), Some(3), "ESRCH");
        let (one, _other) = UnixStream::pair().unwrap();
        assert!(!has_ended(&process_of(&one).unwrap(), 0), "we live");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_connected_and_is_gone_is_told_as_gone_or_as_ended() {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])";
        let mut python = std::process::Command::new("python3");
        let ended = python.args(["-c", connect]).arg(&path).status().unwrap();
        assert!(ended.success());
        let (stream, _) = listener.accept().unwrap();
        match process_of(&stream) {
            Ok(process) => {
                let mut watched = [PollFd::new(&process, PollFlags::IN)];
                assert_eq!(poll(&mut watched, Some(&Timespec::default())).unwrap(), 1);
            }
            Err(error) => assert_eq!(error.raw_os_error(), Some(3), "ESRCH: {error}"),
        }
        let before_linux_6_15 = system::gone_by_one_name(nix::errno::Errno::EINVAL);
        assert_eq!(before_linux_6_15.raw_os_error(), Some(3), "ESRCH");
    }

    #[test]
    fn a_file_is_the_same_by_each_of_its_names_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        std::fs::write(path("one"), "same bytes").unwrap();
        std::fs::write(path("copy"), "same bytes").unwrap();
        std::fs::hard_link(path("one"), path("hard-link")).unwrap();
        std::os::unix::fs::symlink(path("one"), path("link")).unwrap();
        let one = FileId::of(&path("one"));
        assert!(one.is_some());
        assert_eq!(FileId::of(&path("hard-link")), one);
        assert_eq!(FileId::of(&path("link")), one);
        assert_ne!(FileId::of(&path("copy")), one);
        assert_eq!(FileId::of(folder.path()), None);
        assert_eq!(FileId::of(&path("missing")), None);
    }

    #[test]
    fn a_socket_without_peer_credentials_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let result = of_socket(&listener);
        assert!(matches!(result, Err(PeerError::Unknown(_))), "{result:?}");
    }
}
