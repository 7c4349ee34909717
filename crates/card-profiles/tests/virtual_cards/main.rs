//! Whole operations on virtual cards, judged by the public keys of their certificates.

#![expect(
    clippy::unwrap_used,
    reason = "an answer of an unexpected form fails its test"
)]

mod activities;
mod counted_card;
mod cps3_contactless;
mod cps4;
mod official_module;
mod seen_before;
