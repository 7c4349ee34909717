//! The event log of Windows, where a service speaks.

use std::ptr;

use windows_sys::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
    RegisterEventSourceW, ReportEventW,
};

use super::wide;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventLevel {
    /// Nothing to be done.
    Information,
    /// It goes on by itself.
    Warning,
    /// Somebody has to look at it.
    Error,
}

/// Writes an event of the source `cpxd`. Where the log takes none, there is nobody else to be told.
pub fn write(level: EventLevel, number: u32, text: &str) {
    let kind = match level {
        EventLevel::Information => EVENTLOG_INFORMATION_TYPE,
        EventLevel::Warning => EVENTLOG_WARNING_TYPE,
        EventLevel::Error => EVENTLOG_ERROR_TYPE,
    };
    let (source, text) = (wide("cpxd".as_ref()), wide(text.as_ref()));
    let texts = [text.as_ptr()];
    // SAFETY: the names and the one text end with zeros and are still there; the source is closed by
    // its last use.
    unsafe {
        let log = RegisterEventSourceW(ptr::null(), source.as_ptr());
        if !log.is_null() {
            let user = ptr::null_mut();
            ReportEventW(
                log,
                kind,
                0,
                number,
                user,
                1,
                0,
                texts.as_ptr(),
                ptr::null(),
            );
            DeregisterEventSource(log);
        }
    }
}
