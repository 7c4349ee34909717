//! Programs that a service starts in the sessions of users, with their rights.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString, c_void};
use std::fs::File;
use std::io::{self, PipeWriter};
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::path::Path;
use std::ptr;
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation, WAIT_OBJECT_0,
};
use windows_sys::Win32::System::Environment::{CreateEnvironmentBlock, DestroyEnvironmentBlock};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation,
    SetInformationJobObject,
};
use windows_sys::Win32::System::RemoteDesktop::{
    WTS_CURRENT_SERVER_HANDLE, WTS_SESSION_INFOW, WTSActive, WTSDisconnected,
    WTSEnumerateSessionsW, WTSFreeMemory, WTSGetActiveConsoleSessionId, WTSQueryUserToken,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NO_WINDOW, CREATE_SUSPENDED, CREATE_UNICODE_ENVIRONMENT, CreateProcessAsUserW,
    GetExitCodeProcess, INFINITE, PROCESS_INFORMATION, ResumeThread, STARTF_USESTDHANDLES,
    STARTUPINFOW, TerminateProcess, WaitForSingleObject,
};

use super::{succeeded, wide};

/// The sessions in which somebody may be logged in: those that are used or were left open, and the one
/// at the screen of the machine. The session of services is none.
///
/// # Errors
/// What the system says.
pub fn interactive_sessions() -> io::Result<BTreeSet<u32>> {
    let mut sessions = listed_sessions()?;
    // SAFETY: takes no pointers.
    sessions.insert(unsafe { WTSGetActiveConsoleSessionId() });
    sessions.remove(&OF_SERVICES);
    sessions.remove(&NO_SESSION);
    Ok(sessions)
}

fn listed_sessions() -> io::Result<BTreeSet<u32>> {
    let mut first: *mut WTS_SESSION_INFOW = ptr::null_mut();
    let mut count = 0;
    // SAFETY: each of the two takes one value.
    succeeded(unsafe {
        WTSEnumerateSessionsW(
            WTS_CURRENT_SERVER_HANDLE,
            0,
            1,
            &raw mut first,
            &raw mut count,
        )
    })?;
    if first.is_null() {
        return Ok(BTreeSet::new());
    }
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the system gave so many entries, which are freed only below.
    let listed = unsafe { std::slice::from_raw_parts(first, count) };
    let sessions = listed
        .iter()
        .filter(|session| [WTSActive, WTSDisconnected].contains(&session.State))
        .map(|session| session.SessionId)
        .collect();
    // SAFETY: the system asks for this; nothing of it is used any more.
    unsafe { WTSFreeMemory(first.cast()) };
    Ok(sessions)
}

/// All that ends with this process, however that ends.
#[derive(Debug)]
pub struct EndTogether(OwnedHandle);

impl EndTogether {
    /// Makes the group.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        // SAFETY: it has no attributes and no name.
        let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        if job.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is open, and nobody else's.
        let job = Self(unsafe { OwnedHandle::from_raw_handle(job) });
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let len = u32::try_from(size_of_val(&limits)).map_err(io::Error::other)?;
        let limits: *const JOBOBJECT_EXTENDED_LIMIT_INFORMATION = &raw const limits;
        // SAFETY: the limits are of the type that this class takes.
        succeeded(unsafe {
            SetInformationJobObject(
                job.0.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                limits.cast(),
                len,
            )
        })?;
        Ok(job)
    }
}

/// A program in a session. It is told to end by the end of its standard input.
#[derive(Debug)]
pub struct SessionProgram {
    process: OwnedHandle,
    pid: u32,
    input: Option<PipeWriter>,
}

/// Starts a program with the rights and in the surroundings of whoever is logged in to a session.
///
/// # Errors
/// What the system says, also when nobody is logged in there.
pub fn start_in_session(
    session: u32,
    program: &Path,
    arguments: &[&OsStr],
    together: &EndTogether,
) -> io::Result<SessionProgram> {
    let token = token_of_user(session)?;
    let surroundings = Surroundings::of(&token)?;
    let (input, end) = io::pipe()?;
    let nowhere = File::options().write(true).open("NUL")?;
    for handle in [input.as_raw_handle(), nowhere.as_raw_handle()] {
        // SAFETY: the handle is open.
        succeeded(unsafe {
            SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)
        })?;
    }
    let mut desktop = wide(r"winsta0\default".as_ref());
    let startup = STARTUPINFOW {
        cb: u32::try_from(size_of::<STARTUPINFOW>()).map_err(io::Error::other)?,
        lpDesktop: desktop.as_mut_ptr(),
        dwFlags: STARTF_USESTDHANDLES,
        hStdInput: input.as_raw_handle(),
        hStdOutput: nowhere.as_raw_handle(),
        hStdError: nowhere.as_raw_handle(),
        ..STARTUPINFOW::default()
    };
    let mut command = wide(&command_line(program, arguments));
    let folder = wide(program.parent().unwrap_or(program).as_os_str());
    let program = wide(program.as_os_str());
    let mut started = PROCESS_INFORMATION::default();
    // SAFETY: all texts end with zeros; the token, the surroundings and the three handles are still
    // there; `started` takes one value. Of this process's handles only the two above are inheritable.
    succeeded(unsafe {
        CreateProcessAsUserW(
            token.as_raw_handle(),
            program.as_ptr(),
            command.as_mut_ptr(),
            ptr::null(),
            ptr::null(),
            1,
            CREATE_UNICODE_ENVIRONMENT | CREATE_NO_WINDOW | CREATE_SUSPENDED,
            surroundings.0,
            folder.as_ptr(),
            &raw const startup,
            &raw mut started,
        )
    })?;
    // SAFETY: both handles are open, and nobody else's.
    let (process, thread) = unsafe {
        (
            OwnedHandle::from_raw_handle(started.hProcess),
            OwnedHandle::from_raw_handle(started.hThread),
        )
    };
    let program = SessionProgram {
        process,
        pid: started.dwProcessId,
        input: Some(end),
    };
    // SAFETY: both handles are open.
    let joined = succeeded(unsafe {
        AssignProcessToJobObject(together.0.as_raw_handle(), program.process.as_raw_handle())
    });
    if let Err(error) = joined {
        program.kill();
        return Err(error);
    }
    // SAFETY: the thread is the program's first, and waits for this.
    unsafe { ResumeThread(thread.as_raw_handle()) };
    Ok(program)
}

impl SessionProgram {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Something that can be waited for in another thread.
    ///
    /// # Errors
    /// What the system says.
    pub fn its_end(&self) -> io::Result<ProgramEnd> {
        self.process.try_clone().map(ProgramEnd)
    }

    /// Tells it to end, and kills it when it has not after this time.
    pub fn end(mut self, time: Duration) {
        drop(self.input.take());
        let time = u32::try_from(time.as_millis()).unwrap_or(INFINITE);
        if !is_over(&self.process, time) {
            self.kill();
        }
    }

    fn kill(&self) {
        // SAFETY: the handle is open.
        unsafe { TerminateProcess(self.process.as_raw_handle(), KILLED) };
    }
}

/// The end of a program.
#[derive(Debug)]
pub struct ProgramEnd(OwnedHandle);

impl ProgramEnd {
    /// Blocks until the program has ended; its exit code.
    #[must_use]
    pub fn wait(&self) -> u32 {
        is_over(&self.0, INFINITE);
        let mut code = KILLED;
        // SAFETY: the handle is open, and `code` takes one value, which stays where there is none.
        unsafe { GetExitCodeProcess(self.0.as_raw_handle(), &raw mut code) };
        code
    }
}

fn is_over(process: &OwnedHandle, milliseconds: u32) -> bool {
    // SAFETY: the handle is open.
    unsafe { WaitForSingleObject(process.as_raw_handle(), milliseconds) == WAIT_OBJECT_0 }
}

fn token_of_user(session: u32) -> io::Result<OwnedHandle> {
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: `token` takes one handle.
    succeeded(unsafe { WTSQueryUserToken(session, &raw mut token) })?;
    // SAFETY: the handle is open, and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

/// The environment of a user, as at a log-in; nothing of the service's own.
struct Surroundings(*mut c_void);

impl Surroundings {
    fn of(token: &OwnedHandle) -> io::Result<Self> {
        let mut block = ptr::null_mut();
        // SAFETY: the token is open; `block` takes one pointer.
        succeeded(unsafe { CreateEnvironmentBlock(&raw mut block, token.as_raw_handle(), 0) })?;
        Ok(Self(block))
    }
}

impl Drop for Surroundings {
    fn drop(&mut self) {
        // SAFETY: the system asks for this; nothing of it is used any more.
        unsafe { DestroyEnvironmentBlock(self.0) };
    }
}

/// The program and its arguments, of which none has a quotation mark, each in quotation marks.
fn command_line(program: &Path, arguments: &[&OsStr]) -> OsString {
    let mut line = OsString::new();
    for word in [program.as_os_str()].iter().chain(arguments) {
        if !line.is_empty() {
            line.push(" ");
        }
        line.push("\"");
        line.push(word);
        line.push("\"");
    }
    line
}

const OF_SERVICES: u32 = 0;
const NO_SESSION: u32 = u32::MAX;
const KILLED: u32 = 1;
