//! The journal: who used the card for what, in lines that cannot be changed unseen.
//!
//! One JSON line for each entry, each with the hash of the line before it and
//! its own ([`chain`]), in files that follow each other ([`Limits`]). An entry
//! is on the disk before [`Journal::append`] returns, so an [`Entry::Intent`]
//! that was acknowledged survives whatever happens after it. The head of the
//! chain is kept apart by an [`AnchorStore`], because a chain alone cannot show
//! that its last lines were cut off.
//!
//! - [`Journal`] writes; there is one writer for each folder;
//! - [`verify`] looks for what was changed, removed, inserted or put in another order;
//! - [`newest`] shows the last entries first.
//!
//! Time is an argument everywhere. No type here can carry a code, a token, a
//! digest, a document's description or what a card says of its holder.

mod anchor;
pub mod chain;
mod entry;
mod files;
mod following;
mod journal;
mod lines;
mod newest;
mod opening;
mod retirement;
mod verify;

#[cfg(test)]
mod tests;

pub use anchor::{AnchorError, AnchorStore, FileAnchor};
pub use chain::{Head, Line, LineHash};
pub use entry::{
    CardKey, Decision, Entry, Name, Operation, OutcomeResult, PairingStep, SessionEnd, Who,
};
pub use files::Limits;
pub use following::{Fault, Wrong};
pub use journal::{Journal, JournalError};
pub use newest::{Query, newest};
pub use verify::{Report, verify};
