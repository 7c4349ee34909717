//! When the machine slept.

use std::io;
use std::thread;

use crate::system;

/// Calls `slept` after each time that the machine was suspended, as soon as it is awake again, on a
/// thread that waits without waking up.
///
/// # Errors
/// The system's error when it does not tell, or no thread can be started.
pub fn watch(slept: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut wake_ups = system::WakeUps::new()?;
    thread::Builder::new().name("sleep".into()).spawn(move || {
        loop {
            match wake_ups.next() {
                Ok(()) => slept(),
                Err(error) => {
                    tracing::error!(event = "sleep-watch-ended", %error, "it is not known any more when the machine sleeps");
                    return;
                }
            }
        }
    })?;
    Ok(())
}
