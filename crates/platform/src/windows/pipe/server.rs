//! The agent's end of the pipe.

use std::io;
use std::os::windows::io::AsRawHandle as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY};
use windows_sys::Win32::System::Pipes::PeekNamedPipe;

use super::super::access_list::Descriptor;
use super::super::succeeded;
use super::{SocketEnd, pid_of_client};
use crate::paths::AgentPaths;
use crate::socket::{BindError, failed};

/// The agent's end, which takes connections. One instance of the pipe always waits for the next.
#[derive(Debug)]
pub struct UserListener {
    path: PathBuf,
    next: NamedPipeServer,
}

/// Makes the pipe, within the async runtime. A name that somebody has already is left to them.
pub(crate) fn bind(paths: &AgentPaths) -> Result<UserListener, BindError> {
    let path = paths.socket_path();
    match instance(&path, true) {
        Ok(next) => Ok(UserListener { path, next }),
        Err(error) if is_taken(&error) => Err(BindError::Occupied { path }),
        Err(error) => Err(failed("bind", &path)(error)),
    }
}

fn is_taken(error: &io::Error) -> bool {
    let number = error.raw_os_error().map(i32::cast_unsigned);
    number == Some(ERROR_ACCESS_DENIED) || number == Some(ERROR_PIPE_BUSY)
}

fn instance(path: &Path, is_first: bool) -> io::Result<NamedPipeServer> {
    let descriptor = Descriptor::of_pipe()?;
    let mut attributes = descriptor.attributes()?;
    let mut options = ServerOptions::new();
    options
        .first_pipe_instance(is_first)
        .reject_remote_clients(true);
    // SAFETY: the attributes are whole and point to a descriptor that is still there.
    unsafe {
        options.create_with_security_attributes_raw(path, ptr::from_mut(&mut attributes).cast())
    }
}

impl UserListener {
    /// Waits for a client.
    ///
    /// # Errors
    /// What the system says; the pipe goes on waiting.
    pub async fn accept(&mut self) -> io::Result<UserConnection> {
        self.next.connect().await?;
        let next = instance(&self.path, false)?;
        let connected = std::mem::replace(&mut self.next, next);
        Ok(UserConnection(Arc::new(connected)))
    }
}

/// A client's connection, as the agent has it.
#[derive(Clone, Debug)]
pub struct UserConnection(Arc<NamedPipeServer>);

impl UserConnection {
    /// Completes when bytes may be there, or the client left.
    ///
    /// # Errors
    /// What the system says.
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// Whether the client closed its end, and nothing of what it sent is left in the pipe.
    #[must_use]
    pub fn was_left(&self) -> bool {
        let pipe = self.0.as_raw_handle();
        // SAFETY: the handle is open; nothing is asked for but whether this works.
        let peeked = unsafe {
            PeekNamedPipe(
                pipe,
                ptr::null_mut(),
                0,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        succeeded(peeked).is_err()
    }
}

#[cfg(test)]
impl UserConnection {
    /// Another handle of it, for what the system says of files.
    pub(crate) fn as_file(&self) -> std::fs::File {
        // SAFETY: the handle is open for as long as this is.
        let handle =
            unsafe { std::os::windows::io::BorrowedHandle::borrow_raw(self.0.as_raw_handle()) };
        handle.try_clone_to_owned().expect("a handle").into()
    }
}

impl SocketEnd for UserConnection {
    fn pid_of_peer(&self) -> io::Result<u32> {
        pid_of_client(self.0.as_raw_handle())
    }
}

impl AsyncRead for UserConnection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(context))?;
            match self.0.try_read(buffer.initialize_unfilled()) {
                Ok(len) => {
                    buffer.advance(len);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // A client that closed its end has said all.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Poll::Ready(Ok(()));
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for UserConnection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(context))?;
            match self.0.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// A pipe has no half that could be closed; its end comes with the last of its handles.
    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
