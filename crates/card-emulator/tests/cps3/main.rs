//! The CPS3 seen from its reader: what it answers to the bytes of real programs and of nonsense.
//!
//! "Recorded" sequences are those that OpenSC and the official module sent to a card, and what they
//! accepted as its answer.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "an answer of an unexpected form fails its test"
)]

mod card;
mod codes;
mod contactless;
#[path = "../dialogue/mod.rs"]
mod dialogue;
mod files;
mod keys;
mod nonsense;
mod selection;
mod views;
