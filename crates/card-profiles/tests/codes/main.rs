//! The life of the codes on virtual cards: every command that carries one is counted.

#![expect(
    clippy::unwrap_used,
    reason = "an answer of an unexpected form fails its test"
)]

mod cps3;
mod cps4;
mod keypad;
mod listened_card;
