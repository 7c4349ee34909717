//! The PKCS#11 module as an enemy: whatever it does in its process, the caller is told what is true of it, no
//! code and no try is lost that the holder did not spend, and the agent goes on.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "these are tests"
)]

mod agent;
mod codes;
mod ends;
mod exchanges;
mod faults;
mod forks;
mod hosts;
mod matrix;
mod no_module;
mod operations;
mod orphans;
mod printing;
mod quirks;
mod stay;
mod told;
mod watching;
