//! A client's end of the pipe: it blocks, until a time or until somebody hangs up.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::path::Path;
use std::ptr;
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_PIPE_BUSY, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_OVERLAPPED, ReadFile, SECURITY_IDENTIFICATION, WriteFile,
};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Pipes::WaitNamedPipeW;
use windows_sys::Win32::System::Threading::{
    CreateEventW, INFINITE, SetEvent, WaitForMultipleObjects,
};

use super::super::{succeeded, wide};
use super::{SocketEnd, pid_of_server};

/// A client's connection.
#[derive(Debug)]
pub struct UserStream {
    pipe: File,
    hung_up: OwnedHandle,
}

/// The other end learns who this is, and cannot act as this user.
pub(crate) fn connect_to(path: &Path) -> io::Result<UserStream> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .custom_flags(FILE_FLAG_OVERLAPPED)
        .security_qos_flags(SECURITY_IDENTIFICATION);
    for _ in 0..ATTEMPTS {
        match options.open(path) {
            Ok(pipe) => {
                let hung_up = event()?;
                return Ok(UserStream { pipe, hung_up });
            }
            Err(error) if is_busy(&error) => wait_for_an_instance(path)?,
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

fn is_busy(error: &io::Error) -> bool {
    error.raw_os_error().map(i32::cast_unsigned) == Some(ERROR_PIPE_BUSY)
}

fn wait_for_an_instance(path: &Path) -> io::Result<()> {
    let path = wide(path.as_os_str());
    // SAFETY: the path ends with a zero.
    succeeded(unsafe { WaitNamedPipeW(path.as_ptr(), WAIT_FOR_INSTANCE) })
}

impl SocketEnd for UserStream {
    fn pid_of_peer(&self) -> io::Result<u32> {
        pid_of_server(self.pipe.as_raw_handle())
    }
}

impl UserStream {
    /// Reads what is there, or waits for it; no byte is the end.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`], [`io::ErrorKind::ConnectionAborted`] after
    /// [`hang_up`](Self::hang_up), or what the system says.
    pub fn read_within(&self, buffer: &mut [u8], time: Option<Duration>) -> io::Result<usize> {
        let len = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let read = self.transfer(time, |pipe, transfer| {
            // SAFETY: the buffer has `len` bytes, and `transfer` waits until it is not used any more.
            unsafe { ReadFile(pipe, buffer.as_mut_ptr(), len, ptr::null_mut(), transfer) }
        });
        match read {
            Err(error) if is_end(&error) => Ok(0),
            read => read,
        }
    }

    /// Writes some of the bytes; says how many.
    ///
    /// # Errors
    /// As for [`read_within`](Self::read_within).
    pub fn write_within(&self, bytes: &[u8], time: Option<Duration>) -> io::Result<usize> {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.transfer(time, |pipe, transfer| {
            // SAFETY: there are `len` bytes, and `transfer` waits until they are not used any more.
            unsafe { WriteFile(pipe, bytes.as_ptr(), len, ptr::null_mut(), transfer) }
        })
    }

    /// Ends the transfer that goes on, and all later ones.
    pub fn hang_up(&self) {
        // SAFETY: the event is open.
        unsafe { SetEvent(self.hung_up.as_raw_handle()) };
    }

    /// Begins a transfer and waits for its end, which an end of the time brings about.
    fn transfer(
        &self,
        time: Option<Duration>,
        begin: impl FnOnce(*mut std::ffi::c_void, *mut OVERLAPPED) -> i32,
    ) -> io::Result<usize> {
        let pipe = self.pipe.as_raw_handle();
        let done = event()?;
        let mut transfer = OVERLAPPED {
            hEvent: done.as_raw_handle(),
            ..OVERLAPPED::default()
        };
        if let Err(error) = succeeded(begin(pipe, &raw mut transfer))
            && error.raw_os_error().map(i32::cast_unsigned) != Some(ERROR_IO_PENDING)
        {
            return Err(error);
        }
        let whichever = [self.hung_up.as_raw_handle(), done.as_raw_handle()];
        let time = time.map_or(INFINITE, |time| {
            u32::try_from(time.as_millis()).unwrap_or(INFINITE).max(1)
        });
        // SAFETY: there are two handles, both open.
        let first = unsafe { WaitForMultipleObjects(2, whichever.as_ptr(), 0, time) };
        if first != WAIT_OBJECT_0 + 1 {
            // SAFETY: the transfer is this one of this handle; it may have ended by itself.
            unsafe { CancelIoEx(pipe, &raw const transfer) };
        }
        let mut len = 0;
        // SAFETY: the transfer is this one; this waits until the system uses it no more.
        let ended =
            succeeded(unsafe { GetOverlappedResult(pipe, &raw const transfer, &raw mut len, 1) });
        match (first, ended) {
            (_, Ok(())) => usize::try_from(len).map_err(io::Error::other),
            (WAIT_OBJECT_0, Err(_)) => Err(io::ErrorKind::ConnectionAborted.into()),
            (WAIT_TIMEOUT, Err(_)) => Err(io::ErrorKind::TimedOut.into()),
            (_, Err(error)) => Err(error),
        }
    }
}

fn is_end(error: &io::Error) -> bool {
    error.raw_os_error().map(i32::cast_unsigned) == Some(ERROR_BROKEN_PIPE)
}

/// An event that stays as it is once it happened.
fn event() -> io::Result<OwnedHandle> {
    // SAFETY: it has no attributes and no name.
    let event = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
    if event.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open, and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(event) })
}

const ATTEMPTS: u32 = 10;
/// Milliseconds.
const WAIT_FOR_INSTANCE: u32 = 2_000;
