//! A named pipe.

use std::io;
use std::net;
use std::os::windows::io::AsSocket as _;
use std::time::Duration;

pub(crate) use platform::socket::UserConnection;
/// The agent's end, which takes connections.
pub use platform::socket::UserListener;
use tokio::net::TcpStream;

use crate::lent_terminal::Lent;

/// What the agent bound, as it is.
///
/// # Errors
/// None on this system.
pub fn user_listener(bound: UserListener) -> io::Result<UserListener> {
    Ok(bound)
}

pub(crate) async fn accept(listener: &mut UserListener) -> io::Result<UserConnection> {
    listener.accept().await
}

/// The connection once more: a pipe cannot be watched by a handle of its own.
#[derive(Debug)]
pub(crate) struct Watch(UserConnection);

#[expect(
    clippy::unnecessary_wraps,
    reason = "the other systems make a descriptor here"
)]
pub(crate) fn watch_of(stream: &UserConnection) -> io::Result<Watch> {
    Ok(Watch(stream.clone()))
}

pub(crate) fn watch_of_tcp(stream: &TcpStream) -> io::Result<TcpStream> {
    let socket = stream.as_socket().try_clone_to_owned()?;
    TcpStream::from_std(net::TcpStream::from(socket))
}

impl Watch {
    /// Completes when the client closed its end. Bytes that nobody reads yet keep the pipe readable
    /// all the time: then it is looked at again and again.
    pub(crate) async fn left(&self) {
        while self.0.readable().await.is_ok() && !self.0.was_left() {
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Nothing is lent through a pipe.
#[derive(Debug)]
pub(crate) struct LendingStream;

impl LendingStream {
    #[expect(
        clippy::new_ret_no_self,
        reason = "the other systems look at what comes along"
    )]
    pub(crate) fn new(stream: UserConnection, _lent: Lent) -> UserConnection {
        stream
    }
}
