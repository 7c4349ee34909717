//! Minutes of nothing: run by `cargo xtask soak idle`, which installs what it needs.
//!
//! Agents on a real pcscd, one with a card in its reader, one with empty readers, one whose pcscd is not running, are
//! asked nothing. None may wake up but for what is named here with its reason, and none may listen beyond its
//! user's socket and loopback, from its start to its end.

#[cfg(target_os = "linux")]
mod run;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    run::run()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    // What a process woke for is read from /proc.
    ExitCode::FAILURE
}
