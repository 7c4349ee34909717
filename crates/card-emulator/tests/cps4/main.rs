//! The CPS4 seen from its reader: what it answers to the official module, to other programs and to
//! nonsense.
//!
//! "Recorded" sequences are those that the official module sent to a card, and what it accepted as
//! its answer.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "an answer of an unexpected form fails its test"
)]

mod card;
mod channels;
mod codes;
#[path = "../dialogue/mod.rs"]
mod dialogue;
mod files;
mod keys;
mod nonsense;
