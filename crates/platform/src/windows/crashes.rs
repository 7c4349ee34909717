//! No report of a crash, and so no picture of this process's memory.

use std::io;

use windows_sys::Win32::System::Diagnostics::Debug::{
    EXCEPTION_POINTERS, SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SetErrorMode,
    SetUnhandledExceptionFilter,
};

/// Windows Error Reporting takes pictures of crashed processes; one that ends itself is none.
pub(crate) fn forbid_core_files() -> io::Result<()> {
    // SAFETY: takes no pointers.
    unsafe { SetErrorMode(SEM_NOGPFAULTERRORBOX | SEM_FAILCRITICALERRORS) };
    // SAFETY: the function stays where it is for as long as the process lives.
    unsafe { SetUnhandledExceptionFilter(Some(end_without_a_report)) };
    Ok(())
}

/// Programs of the same user may read this process's memory on this system.
pub(crate) fn make_undumpable() -> io::Result<()> {
    Ok(())
}

unsafe extern "system" fn end_without_a_report(_what: *const EXCEPTION_POINTERS) -> i32 {
    EXECUTE_HANDLER
}

/// The system ends the process and looks for nobody else to ask (EXCEPTION_EXECUTE_HANDLER).
const EXECUTE_HANDLER: i32 = 1;
