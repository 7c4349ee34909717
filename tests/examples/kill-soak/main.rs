//! An agent that is killed again and again under load: run by `cargo xtask soak kills`.
//!
//! Clients authenticate, sign, pair and revoke without a pause while the agent ends by SIGKILL at any
//! moment and is started again. A real pcscd and a virtual card in a process of its own outlive it, so
//! what the card did is known. After each kill the files that it left are looked at; in the end every
//! answer that a client got must be in the journal.

#[cfg(target_os = "linux")]
mod run;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    run::run()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    // There is no virtual PC/SC reader elsewhere, so no card outlives the agent.
    ExitCode::FAILURE
}
