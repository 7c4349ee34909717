//! A Unix socket.

use std::io;
use std::net;
use std::os::fd::AsFd as _;
use std::os::unix;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use platform::lent_descriptors;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
/// The agent's end, which takes connections.
pub use tokio::net::UnixListener as UserListener;
pub(crate) use tokio::net::UnixStream as UserConnection;

use super::no_bytes_for_me;
use crate::lent_terminal::Lent;

/// What the agent bound, for use within the runtime.
///
/// # Errors
/// What the system says.
pub fn user_listener(bound: platform::socket::UserListener) -> io::Result<UserListener> {
    bound.set_nonblocking(true)?;
    UserListener::from_std(bound)
}

pub(crate) async fn accept(listener: &mut UserListener) -> io::Result<UserConnection> {
    let (connection, _) = listener.accept().await?;
    Ok(connection)
}

/// A descriptor of its own, by which the end of a connection is seen.
#[derive(Debug)]
pub(crate) struct Watch(UserConnection);

pub(crate) fn watch_of(stream: &UserConnection) -> io::Result<Watch> {
    let descriptor = stream.as_fd().try_clone_to_owned()?;
    UserConnection::from_std(unix::net::UnixStream::from(descriptor)).map(Watch)
}

pub(crate) fn watch_of_tcp(stream: &TcpStream) -> io::Result<TcpStream> {
    let descriptor = stream.as_fd().try_clone_to_owned()?;
    TcpStream::from_std(net::TcpStream::from(descriptor))
}

impl Watch {
    /// Completes when the peer closed the stream, or at least its sending half.
    pub(crate) async fn left(&self) {
        loop {
            match self.0.ready(Interest::READABLE).await {
                Ok(ready) if !ready.is_read_closed() => {
                    // Bytes came, which others read: only what happens from now on is to wake this.
                    let _ = self.0.try_io(Interest::READABLE, no_bytes_for_me);
                }
                Ok(_) | Err(_) => return,
            }
        }
    }
}

/// The user's socket, with an eye on what comes along with the bytes.
#[derive(Debug)]
pub(crate) struct LendingStream {
    stream: UserConnection,
    lent: Lent,
}

impl LendingStream {
    pub(crate) fn new(stream: UserConnection, lent: Lent) -> Self {
        Self { stream, lent }
    }
}

impl AsyncRead for LendingStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(context))?;
            let free = buffer.initialize_unfilled();
            let receive = || lent_descriptors::receive(&self.stream, free);
            match self.stream.try_io(Interest::READABLE, receive) {
                Ok((len, descriptor)) => {
                    buffer.advance(len);
                    if let Some(descriptor) = descriptor {
                        self.lent.put(descriptor);
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for LendingStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
