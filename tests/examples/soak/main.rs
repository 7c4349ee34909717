//! Days of bad luck in minutes: run by `cargo xtask soak pulls`, which installs what it needs.
//!
//! Clients ask for signatures without a pause while the card is pulled and pushed and pcscd is stopped
//! and started again. Each request must succeed or get its typed error, every card put in must work,
//! no try may be lost, and the agent must be as small in the end as it was.

#[cfg(target_os = "linux")]
mod run;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    run::run()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    // There is no virtual PC/SC reader elsewhere, so there is nothing to pull.
    ExitCode::FAILURE
}
