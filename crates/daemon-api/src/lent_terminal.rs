//! The terminal that a caller on the user's socket may lend with its request, so that its holder is
//! asked there. The code is typed into that terminal and read from it by the agent alone: none
//! crosses the socket.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use daemon_operations::CallersTerminal;
use platform::lent_descriptors;
use platform::terminal::Terminal;
use texts::Language;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::UnixStream;

/// Holds what came with the bytes of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lent(Arc<Mutex<Option<OwnedFd>>>);

impl Lent {
    /// The terminal, once; nothing where none was lent, or something that is no terminal of this
    /// user.
    pub(crate) fn take_terminal(&self, language: Language) -> Option<CallersTerminal> {
        let descriptor = self.lock().take()?;
        let terminal = Terminal::of_this_user(descriptor)?;
        Some(CallersTerminal::new(terminal, language))
    }

    fn put(&self, descriptor: OwnedFd) {
        *self.lock() = Some(descriptor);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<OwnedFd>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The user's socket, with an eye on what comes along with the bytes.
#[derive(Debug)]
pub(crate) struct LendingStream {
    stream: UnixStream,
    lent: Lent,
}

impl LendingStream {
    pub(crate) fn new(stream: UnixStream, lent: Lent) -> Self {
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
