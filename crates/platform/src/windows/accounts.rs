//! Whose a process is: its account and its session.

use std::fmt::{self, Display};
use std::io;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle, FromRawHandle as _, OwnedHandle};
use std::path::PathBuf;
use std::ptr;

use windows_sys::Win32::Foundation::{HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows_sys::Win32::Security::{
    GetTokenInformation, PSID, TOKEN_INFORMATION_CLASS, TOKEN_QUERY, TOKEN_USER, TokenSessionId,
    TokenUser,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, OpenProcess, OpenProcessToken, PROCESS_ACCESS_RIGHTS,
    PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};

use super::succeeded;

/// A user, as the system knows one: an account in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserId {
    /// Its security identifier (`S-1-5-21-…`).
    sid: String,
    session: u32,
}

impl Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} in session {}", self.sid, self.session)
    }
}

impl UserId {
    pub(super) fn sid(&self) -> &str {
        &self.sid
    }

    /// An account that is not seen with a session, such as the owner of a file.
    pub(super) fn outside_sessions(sid: String) -> Self {
        Self {
            sid,
            session: u32::MAX,
        }
    }

    /// Whose this process is.
    pub(super) fn of_this_process() -> io::Result<Self> {
        // SAFETY: gives a constant that stands for this process and needs no closing.
        Self::of_token(&token_of(unsafe { GetCurrentProcess() })?)
    }

    pub(super) fn of_process(process: &Process) -> io::Result<Self> {
        Self::of_token(&token_of(process.0.as_raw_handle())?)
    }

    fn of_token(token: &OwnedHandle) -> io::Result<Self> {
        Ok(Self {
            sid: sid_of_token(token)?,
            session: session_of_token(token)?,
        })
    }
}

/// Whether this process is that user's. One that does not know itself is nobody's.
pub(crate) fn is_this_user(user: &UserId) -> bool {
    UserId::of_this_process().is_ok_and(|own| own == *user)
}

/// A process that stays the same one for as long as this is held.
pub(super) struct Process(OwnedHandle);

impl Process {
    pub(super) fn open(pid: u32) -> io::Result<Self> {
        Self::open_for(pid, PROCESS_QUERY_LIMITED_INFORMATION)
    }

    pub(super) fn open_for(pid: u32, rights: PROCESS_ACCESS_RIGHTS) -> io::Result<Self> {
        // SAFETY: takes no pointers.
        let handle = unsafe { OpenProcess(rights, 0, pid) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is open, and nobody else's.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    pub(super) fn handle(&self) -> BorrowedHandle<'_> {
        use std::os::windows::io::AsHandle as _;
        self.0.as_handle()
    }

    /// The program that it runs.
    pub(super) fn executable(&self) -> Option<PathBuf> {
        use std::os::windows::ffi::OsStringExt as _;
        let mut name = vec![0_u16; LONGEST_PATH];
        let mut len = u32::try_from(name.len()).ok()?;
        // SAFETY: the buffer has room for as many characters as `len` says.
        let done = unsafe {
            QueryFullProcessImageNameW(self.0.as_raw_handle(), 0, name.as_mut_ptr(), &raw mut len)
        };
        succeeded(done).ok()?;
        let name = name.get(..usize::try_from(len).ok()?)?;
        Some(std::ffi::OsString::from_wide(name).into())
    }
}

/// Longest path of the system, in UTF-16 units.
const LONGEST_PATH: usize = 32_768;

fn token_of(process: HANDLE) -> io::Result<OwnedHandle> {
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: `token` takes one handle.
    succeeded(unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) })?;
    // SAFETY: the handle is open, and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

fn sid_of_token(token: &OwnedHandle) -> io::Result<String> {
    // What the system gives holds pointers, so the buffer is aligned for them.
    let mut user = [0_u64; 64];
    information(token, TokenUser, &mut user)?;
    // SAFETY: the system wrote a TOKEN_USER to the beginning of the buffer, which is aligned.
    let user = unsafe { &*user.as_ptr().cast::<TOKEN_USER>() };
    // SAFETY: the identifier lies in the buffer, which is still there.
    unsafe { text_of_sid(user.User.Sid) }
}

fn session_of_token(token: &OwnedHandle) -> io::Result<u32> {
    let mut session = [0_u64; 1];
    information(token, TokenSessionId, &mut session)?;
    let [session] = session;
    // The system wrote four bytes, the lower ones.
    u32::try_from(session).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn information(
    token: &OwnedHandle,
    class: TOKEN_INFORMATION_CLASS,
    buffer: &mut [u64],
) -> io::Result<()> {
    let len = u32::try_from(size_of_val(buffer)).map_err(io::Error::other)?;
    let mut needed = 0;
    // SAFETY: the buffer has `len` bytes.
    succeeded(unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            class,
            buffer.as_mut_ptr().cast(),
            len,
            &raw mut needed,
        )
    })
}

/// A security identifier as people write it.
///
/// # Safety
/// It must be one.
pub(super) unsafe fn text_of_sid(sid: PSID) -> io::Result<String> {
    let mut text: *mut u16 = ptr::null_mut();
    // SAFETY: the caller says that it is an identifier; `text` takes one pointer.
    succeeded(unsafe { ConvertSidToStringSidW(sid, &raw mut text) })?;
    let mut units = Vec::new();
    let mut at = text;
    // SAFETY: the system gave a text that ends with a zero; nothing behind that is read.
    while let unit @ 1.. = unsafe { *at } {
        units.push(unit);
        // SAFETY: the zero is still ahead.
        at = unsafe { at.add(1) };
    }
    // SAFETY: the system asks for this; nothing of it is used any more.
    unsafe { LocalFree(text.cast()) };
    String::from_utf16(&units).map_err(io::Error::other)
}
