//! A question leaves the screen with the card that it is about.

use std::fmt;
use std::pin::Pin;

use daemon_types::CardId;

/// Waits for a card to leave its reader.
pub type CardLeft<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells when a card leaves its reader.
pub trait CardWatch: fmt::Debug + Send + Sync {
    /// Ends when the card is not, or no longer, in a reader, or when nobody will tell any more.
    fn left<'a>(&'a self, card: &'a CardId) -> CardLeft<'a>;
}
