//! The CPS3 profile against every dialogue of `apdu-fixtures/cps3`: what it sends, byte for byte,
//! and what it makes of the answers.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a dialogue that goes another way fails its test"
)]

mod budgets;
mod codes;
mod dialogue;
mod disturbances;
mod fixtures;
mod keys;
mod reading;
