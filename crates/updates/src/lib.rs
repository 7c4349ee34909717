//! Whether a newer release is there.
//!
//! A release is announced by one manifest: the product, its version, and the hash of every file. Its signature
//! (minisign) must be of the pinned key, so neither the server nor the network is believed.
//!
//! - [`UpdateSource`] asks one address for the manifest, and nothing else;
//! - [`Manifest::verified`] reads it, and [`judge`] says whether it is news, or why it is refused;
//! - [`check_files`] compares a folder with it.
//!
//! No file of a release is ever fetched here.

mod error;
mod files;
mod judge;
mod key;
mod manifest;
mod source;

pub use error::UpdateError;
pub use files::check_files;
pub use judge::{News, Seen, judge};
pub use key::ReleaseKey;
pub use manifest::{Manifest, ReleaseFile};
pub use source::{Announcement, UpdateSource};
