//! What the agent costs, beside what a user has today: run by `cargo xtask bench`, which installs what it needs.
//!
//! Commands and bytes are counted by the virtual card itself, in a real PC/SC reader, the same card for every
//! program. A budget of commands or bytes that is broken fails the run; times and memory are shown beside their
//! targets and fail nothing, since they depend on the machine.

#[cfg(target_os = "linux")]
mod measurements;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    measurements::run()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    // There is no virtual PC/SC reader elsewhere, so there is nothing to measure.
    ExitCode::FAILURE
}
