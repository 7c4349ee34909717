//! Noticing that a peer closed its connection, whether or not anybody reads from it, or that its process ended.

use std::io;

use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::peer_process::PeerProcess;
use crate::user_socket::{self, UserConnection};

/// Watches a stream through a descriptor of its own: whoever reads the stream reads its bytes,
/// and with unread bytes before it never comes to its end. The system reports the end at once.
#[derive(Debug)]
pub(crate) enum Departure {
    Tcp(TcpStream),
    Socket(user_socket::Watch, PeerProcess),
}

impl Departure {
    pub(crate) fn of_tcp(stream: &TcpStream) -> io::Result<Self> {
        user_socket::watch_of_tcp(stream).map(Self::Tcp)
    }

    pub(crate) fn of_socket(stream: &UserConnection) -> io::Result<Self> {
        let watch = user_socket::watch_of(stream)?;
        Ok(Self::Socket(watch, PeerProcess::of(stream)?))
    }

    /// Completes when the peer closed the stream, or at least its sending half, or when the process ended that
    /// connected to the user's socket.
    pub(crate) async fn noticed(&self) {
        match self {
            Self::Tcp(stream) => left_by_tcp(stream).await,
            Self::Socket(watch, process) => tokio::select! {
                () = watch.left() => {}
                () = process.ended() => {}
            },
        }
    }
}

async fn left_by_tcp(stream: &TcpStream) {
    loop {
        match stream.ready(Interest::READABLE).await {
            Ok(ready) if !ready.is_read_closed() => {
                // Bytes came, which others read: only what happens from now on is to wake this watch.
                let _ = stream.try_io(Interest::READABLE, user_socket::no_bytes_for_me);
            }
            Ok(_) | Err(_) => return,
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::{TcpListener, UnixStream};

    async fn is_noticed_behind_unread_bytes(
        departure: Departure,
        mut theirs: impl tokio::io::AsyncWrite + Unpin,
    ) {
        assert!(departure.noticed().now_or_never().is_none());
        theirs.write_all(b"unread").await.unwrap();
        theirs.flush().await.unwrap();
        tokio::task::yield_now().await;
        assert!(departure.noticed().now_or_never().is_none());
        drop(theirs);
        departure.noticed().await;
    }

    #[tokio::test]
    async fn the_end_of_a_socket_is_noticed_behind_bytes_that_nobody_read() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        is_noticed_behind_unread_bytes(Departure::of_socket(&ours).unwrap(), theirs).await;
    }

    #[tokio::test]
    async fn the_end_of_a_tcp_connection_is_noticed_behind_bytes_that_nobody_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let theirs = TcpStream::connect(address).await.unwrap();
        let (ours, _) = listener.accept().await.unwrap();
        is_noticed_behind_unread_bytes(Departure::of_tcp(&ours).unwrap(), theirs).await;
    }
}
