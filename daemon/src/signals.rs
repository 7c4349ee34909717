//! The signals by which the agent is told to end, or that it goes on.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{silence_after_each_pause, stop_on_signal};
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{silence_after_each_pause, stop_on_signal};
