//! Readers and cards over PC/SC, and the only crate that names its binding.
//!
//! Two doors. [`ReaderWatcher`] blocks until readers or cards change and tells
//! what there is now. [`connect`] opens one card; a [`PcscTransaction`] is the
//! [`CardChannel`](card_apdu::CardChannel) to it that no other program can
//! interrupt. Every fault is a [`ReaderFault`](card_apdu::ReaderFault).
//!
//! Each watcher and each connection has a context of its own. A context does
//! one thing at a time, so a card that is slow to answer would otherwise hold
//! up the other readers; and a context dies with the service that made it, so
//! that whatever holds one must be able to drop it alone.
//!
//! Facts about pcsc-lite in the comments were measured on version 1.9.9.

#![cfg_attr(
    windows,
    expect(
        clippy::useless_conversion,
        reason = "the widths of PC/SC's numbers are each system's own"
    )
)]

mod cancellation;
mod connection;
mod fault;
mod keypad;
mod reader_state;
mod readers_that_lie;
mod service;
mod silence;
mod watcher;

pub use cancellation::Canceller;
pub use connection::{PcscConnection, PcscTransaction, connect};
pub use reader_state::{Presence, ReaderState};
pub use watcher::{ReaderWatcher, WatchError};
