//! A process that ends with the one that started it.

use std::io;
use std::os::windows::io::AsRawHandle as _;
use std::os::windows::io::FromRawHandle as _;
use std::os::windows::io::OwnedHandle;
use std::process;
use std::thread;

use windows_sys::Win32::Foundation::{FILETIME, HANDLE, INVALID_HANDLE_VALUE, WAIT_OBJECT_0};
use windows_sys::Win32::Storage::FileSystem::SYNCHRONIZE;
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetProcessTimes, INFINITE, PROCESS_QUERY_LIMITED_INFORMATION,
    WaitForSingleObject,
};

use super::accounts::Process;
use super::succeeded;

/// A thread waits for the parent's end. The system gives process ids again, so a process that is
/// younger than this one is not its parent: that has ended.
pub(crate) fn die_with_parent() -> io::Result<()> {
    let rights = SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION;
    let parent = Process::open_for(pid_of_parent()?, rights)?;
    // SAFETY: gives a constant that stands for this process.
    let own_start = start_of(unsafe { GetCurrentProcess() })?;
    if start_of(parent.handle().as_raw_handle())? > own_start {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    let wait = move || {
        // SAFETY: the handle is open for as long as the thread has it.
        let ended = unsafe { WaitForSingleObject(parent.handle().as_raw_handle(), INFINITE) };
        if ended != WAIT_OBJECT_0 {
            tracing::error!(
                event = "parent-unknown",
                "the end of the parent cannot be waited for"
            );
        }
        process::exit(ENDED_WITH_PARENT);
    };
    thread::Builder::new().name("parent".into()).spawn(wait)?;
    Ok(())
}

fn pid_of_parent() -> io::Result<u32> {
    // SAFETY: takes no pointers.
    let handle = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open, and nobody else's.
    let processes = unsafe { OwnedHandle::from_raw_handle(handle) };
    let mut entry = PROCESSENTRY32W {
        dwSize: u32::try_from(size_of::<PROCESSENTRY32W>()).map_err(io::Error::other)?,
        ..PROCESSENTRY32W::default()
    };
    // SAFETY: the entry says how large it is.
    let mut more = unsafe { Process32FirstW(processes.as_raw_handle(), &raw mut entry) };
    while more != 0 {
        if entry.th32ProcessID == process::id() {
            return Ok(entry.th32ParentProcessID);
        }
        // SAFETY: as before.
        more = unsafe { Process32NextW(processes.as_raw_handle(), &raw mut entry) };
    }
    Err(io::ErrorKind::NotFound.into())
}

/// When a process was started, in a unit of the system's own.
fn start_of(process: HANDLE) -> io::Result<u64> {
    let (mut start, mut end) = (FILETIME::default(), FILETIME::default());
    let (mut kernel, mut user) = (FILETIME::default(), FILETIME::default());
    // SAFETY: the handle is open; the others take one value each.
    succeeded(unsafe {
        GetProcessTimes(
            process,
            &raw mut start,
            &raw mut end,
            &raw mut kernel,
            &raw mut user,
        )
    })?;
    Ok(u64::from(start.dwHighDateTime) << 32 | u64::from(start.dwLowDateTime))
}

const ENDED_WITH_PARENT: i32 = 1;
