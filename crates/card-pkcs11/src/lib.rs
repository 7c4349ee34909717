//! Cards through a vendor's PKCS#11 module (PKCS #11 Cryptographic Token Interface 2.40).
//!
//! The module lives in a child process, the *host*: what it does to its memory, its threads and its
//! time is the host's, and the agent starts another. The host does single calls and knows no rule;
//! the rules are on this side of the pipe, in [`ModuleCard`], which is a [`card_profiles::CpxCard`].
//!
//! A module tells flags where a card tells counts, may say CKR_OK although the card refused, keeps
//! codes in its memory and information of a card that has left. So nothing is deduced from a return
//! value that can be read back, no login outlives an operation, and each stay of a card has a host
//! of its own.

mod card;
mod connection;
mod fault;
mod flags;
pub mod host;
mod known_places;
mod process;
mod protocol;
mod readers;

pub use card::ModuleCard;
pub use connection::{ModuleConnection, ModuleTransaction};
pub use fault::ModuleFault;
pub use known_places::known_places;
pub use process::{HostProgram, Patience};
pub use readers::{ModuleReader, ModuleReaders, ReadersStopper, WatchError};
