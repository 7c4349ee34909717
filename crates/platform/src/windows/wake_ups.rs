//! When the machine slept (PowerRegisterSuspendResumeNotification).

use std::ffi::c_void;
use std::io;
use std::ptr;
use std::sync::mpsc::{Receiver, Sender, channel};

use windows_sys::Win32::System::Power::{
    DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS, PowerRegisterSuspendResumeNotification,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{DEVICE_NOTIFY_CALLBACK, PBT_APMRESUMEAUTOMATIC};

use super::no_error;

/// The news of the system, for as long as the process lives.
pub(crate) struct WakeUps(Receiver<()>);

impl WakeUps {
    pub(crate) fn new() -> io::Result<Self> {
        let (teller, news) = channel::<()>();
        // The system may call at any time from now on, so neither is ever freed.
        let teller: &'static Sender<()> = Box::leak(Box::new(teller));
        let parameters = Box::leak(Box::new(DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS {
            Callback: Some(told),
            Context: ptr::from_ref(teller).cast_mut().cast(),
        }));
        let mut registration: *mut c_void = ptr::null_mut();
        // SAFETY: the parameters and what they point to stay for ever; `registration` takes one value.
        no_error(unsafe {
            PowerRegisterSuspendResumeNotification(
                DEVICE_NOTIFY_CALLBACK,
                ptr::from_mut(parameters).cast(),
                &raw mut registration,
            )
        })?;
        Ok(Self(news))
    }

    pub(crate) fn next(&mut self) -> io::Result<()> {
        self.0.recv().map_err(io::Error::other)
    }
}

unsafe extern "system" fn told(context: *const c_void, what: u32, _setting: *const c_void) -> u32 {
    if what == PBT_APMRESUMEAUTOMATIC {
        // SAFETY: the context is the one that was registered, which is never freed.
        let teller = unsafe { &*context.cast::<Sender<()>>() };
        // Nobody listens any more where the process ends.
        let _ = teller.send(());
    }
    0
}
