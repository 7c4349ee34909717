//! The signals by which the agent is told to end, or that it goes on.

use std::{io, thread};

use tokio_util::sync::CancellationToken;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{silence_after_each_pause, stop_on_signal};
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{silence_after_each_pause, stop_on_signal};

/// Cancels when standard input ends: a service has no other word for a program in another session,
/// and none at all once it has died.
pub(crate) fn stop_with_input(stop: CancellationToken) -> io::Result<()> {
    let wait = move || {
        // Whatever ends it, nobody is there any more.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        stop.cancel();
    };
    thread::Builder::new().name("input".into()).spawn(wait)?;
    Ok(())
}
