//! A connection to the user's socket within a limit of time.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::UserStream;

/// Connects, or says that nobody takes connections: where an agent stands still, the queue of its socket is full at
/// some time, and the system would wait for ever.
pub(crate) fn connect_to(path: &Path) -> io::Result<UserStream> {
    connect_within(path, MOST_TIME)
}

fn connect_within(path: &Path, time: Duration) -> io::Result<UserStream> {
    let address = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let end = Instant::now() + time;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // Linux waits so long for a place in the queue, too (unix(7) and socket(7), SO_SNDTIMEO).
        set_socket_timeout(&socket, Timeout::Send, Some(left))?;
        match connect(&socket, &address) {
            Ok(()) => break,
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let stream = UserStream::from(socket);
    stream.set_write_timeout(None)?;
    Ok(stream)
}

/// What an agent never needs that lives.
const MOST_TIME: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use rustix::net::{bind, listen};

    use super::*;

    #[test]
    fn a_queue_that_nobody_empties_ends_the_attempt() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let flags = SocketFlags::CLOEXEC;
        let full = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).unwrap();
        bind(&full, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        listen(&full, 0).unwrap();
        let first = connect_within(&path, Duration::from_secs(60)).unwrap();
        assert_eq!(first.write_timeout().unwrap(), None);
        let second = connect_within(&path, Duration::from_millis(20));
        assert_eq!(second.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn no_socket_and_no_listener_are_told_as_the_system_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let kind = || connect_to(&path).unwrap_err().kind();
        assert_eq!(kind(), io::ErrorKind::NotFound);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert_eq!(kind(), io::ErrorKind::ConnectionRefused);
    }
}
